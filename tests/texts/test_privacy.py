"""No log and no error names a number or what was said."""

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


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, at whatever level."""
    lines, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(lines), root.level
    handler.setFormatter(root.handlers[0].formatter)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_console_shows_texts_on_a_developers_machine_alone(
    log: io.StringIO, settings: object
) -> None:
    text = TextToSend(7, "+14155550123", NUMBER, "Hello Ann")
    settings.DEBUG = False  # type: ignore[attr-defined]
    ConsoleBackend().send(text)
    assert "text_on_console" in log.getvalue()
    assert not any(told in log.getvalue() for told in ("4155550123", "Ann"))
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
def test_sending_and_answering_log_nothing_personal(
    twilio: TwilioStandIn, pickup: PickupRequest, log: io.StringIO, fault: dict[str, int] | None
) -> None:
    if fault:
        twilio.fault(**fault)
    nightly.run()
    post_incoming_text(pickup.customer.phone, NUMBER, "My door code is 4711")
    post_incoming_text(pickup.customer.phone, "+14155550199", "My door code is 4711")
    post_incoming_text(pickup.customer.phone, NUMBER, "My door code is 4711", signed="wrong")
    for told in (
        pickup.customer.phone[1:],
        NUMBER[1:],
        "4711",
        "our van",
        TOKEN,
        ACCOUNT,
        pickup.customer.first_name,
    ):
        assert told not in log.getvalue()


def test_a_backend_that_breaks_is_named_without_what_it_was_given(
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
