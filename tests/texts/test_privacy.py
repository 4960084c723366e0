"""No log line and no error contains a number or a text."""

import io
import logging
from collections.abc import Iterator

import pytest

from customers.models import PickupRequest
from customers.texts import nightly
from customers.texts.backends import ConsoleBackend
from customers.texts.send_results import TextToSend
from tests.texts.conftest import NUMBER
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn, post_incoming_text

pytestmark = pytest.mark.django_db

DOOR_CODE_TEXT = "My door code is 47#11"
"""Digits alone may be part of a random id of a request."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at any level."""
    lines, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(lines), root.level
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_console_shows_texts_only_with_debug(log: io.StringIO, settings: object) -> None:
    text = TextToSend(7, "+14155550123", NUMBER, "Hello Ann")
    settings.DEBUG = False  # type: ignore[attr-defined]
    ConsoleBackend().send(text)
    assert "text_on_console" in log.getvalue()
    assert not any(secret in log.getvalue() for secret in ("4155550123", "Ann"))
    settings.DEBUG = True  # type: ignore[attr-defined]
    ConsoleBackend().send(text)
    assert "+14155550123" in log.getvalue()
    assert "Hello Ann" in log.getvalue()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "error": 21606},
        {"status": 400, "error": 21610},
        {"status": 0},
        {"status": 503},
        None,
    ],
)
def test_sending_and_receiving_log_nothing_personal(
    twilio: TwilioStandIn, pickup: PickupRequest, log: io.StringIO, fault: dict[str, int] | None
) -> None:
    if fault:
        twilio.fault(**fault)
    nightly.run()
    post_incoming_text(pickup.customer.phone, NUMBER, DOOR_CODE_TEXT)
    post_incoming_text(pickup.customer.phone, "+14155550199", DOOR_CODE_TEXT)
    post_incoming_text(pickup.customer.phone, NUMBER, DOOR_CODE_TEXT, signed="wrong")
    for secret in (
        pickup.customer.phone[1:],
        NUMBER[1:],
        DOOR_CODE_TEXT.rsplit(maxsplit=1)[-1],
        "our van",
        TOKEN,
        ACCOUNT,
        pickup.customer.first_name,
    ):
        assert secret not in log.getvalue()


def test_an_error_of_a_backend_is_logged_without_the_text(
    pickup: PickupRequest, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def send(self, text: TextToSend) -> None:
            raise ValueError(text.body + text.to)

    monkeypatch.setattr("customers.texts.backends.new_backend", Broken)
    assert nightly.run() == {"unconfirmed": 1}
    assert "ValueError" in log.getvalue()
    assert pickup.customer.phone not in log.getvalue()
    assert "our van" not in log.getvalue()
