"""A program that a test starts ends with the test, also when the test fails.

One that stays slows down all later tests, and one of them fails when the program is found dropped.
"""

from pathlib import Path

import pytest

from tests.nginx import nginx
from tests.web import Web


def test_nginx_ends_with_a_test_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), nginx("http://127.0.0.1:9", tmp_path):
        raise ZeroDivisionError

    assert not (tmp_path / "pid").exists(), "nginx deletes it at its end"


def test_nginx_inherits_no_setting_of_the_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """NGINX=required makes a missing nginx a failure. nginx would read it as its sockets."""
    monkeypatch.setenv("NGINX", "required")
    with nginx("http://127.0.0.1:9", tmp_path):
        pass

    assert capfd.readouterr().err == ""


class NeverReadyWeb(Web):
    """A web server that prints another line than the one that is waited for."""

    started: "list[NeverReadyWeb]" = []

    def wait_for_output(self, text: str) -> None:
        self.started.append(self)
        super().wait_for_output("Listening")
        raise AssertionError("it is not ready")


@pytest.mark.django_db
def test_a_web_server_that_does_not_get_ready_is_killed() -> None:
    with pytest.raises(AssertionError, match="it is not ready"):
        NeverReadyWeb({})

    (web,) = NeverReadyWeb.started
    assert web.process.poll() is not None
