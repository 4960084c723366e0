"""The systemd units start each program again whenever it ends, and let it stop in order."""

from configparser import ConfigParser

import pytest
from django.conf import settings

from tests.workers import PROJECT

UNITS = PROJECT / "deploy" / "systemd"
GRACEFUL_SECONDS = {"web": 30, "worker": settings.CELERY_TASK_TIME_LIMIT, "beat": 10}
"""What a program may need to stop: Gunicorn's own limit, the longest task, a few writes."""


def unit(program: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNITS / f"smrt-{program}.service")
    return parser


def test_each_program_has_a_unit() -> None:
    assert {path.name for path in UNITS.iterdir()} == {
        f"smrt-{program}.service" for program in GRACEFUL_SECONDS
    }


@pytest.mark.parametrize("program", GRACEFUL_SECONDS)
def test_a_program_is_always_started_again_and_may_stop_in_order(program: str) -> None:
    parsed = unit(program)
    service = parsed["Service"]

    assert service["ExecStart"].partition("smrt_integration")[1]
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    assert (service["Restart"], service["KillMode"]) == ("always", "mixed")
    assert int(service["TimeoutStopSec"]) > GRACEFUL_SECONDS[program]
    assert service["EnvironmentFile"] == "/etc/smrt/environment"


def test_all_units_are_hardened_alike() -> None:
    def hardening(program: str) -> list[tuple[str, str]]:
        service = list(unit(program)["Service"].items())
        return service[service.index(("UMask", "0077")) :]

    assert hardening("web") == hardening("worker") == hardening("beat")
    assert ("NoNewPrivileges", "true") in hardening("web")
