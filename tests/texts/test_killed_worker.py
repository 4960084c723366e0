"""A worker is killed while it sends a text: the text is unconfirmed and not sent again."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from customers.models import NightlyText, PickupRequest
from customers.texts import nightly
from customers.texts.claim_texts import CLAIM_LIFETIME
from smrt_integration import tasks
from tests.factories import NightlyTextFactory
from tests.texts.conftest import statuses
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.workers import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def waiting(pickup: PickupRequest) -> NightlyText:
    """A text that is planned already, at any hour."""
    return NightlyTextFactory.create(pickup=pickup, customer=pickup.customer)


@pytest.fixture
def clock() -> None:
    """The real clock, which a real worker has too."""


def test_a_worker_that_is_killed_leaves_no_second_text(
    start_worker: Callable[..., Worker], twilio: TwilioStandIn, waiting: NightlyText
) -> None:
    environment = {
        "TEXTS_BACKEND": "twilio",
        "TWILIO_HOST": twilio.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
    }
    twilio.fault(1, taken=True)
    worker = start_worker(**environment)
    tasks.send_texts.delay()
    wait_until(lambda: twilio.send_calls() == 1, "the text is being sent")
    worker.kill()
    assert statuses() == [("sending", "")]

    NightlyText.objects.update(claimed_at=timezone.now() - CLAIM_LIFETIME)
    start_worker(**environment)
    tasks.send_texts.delay()
    wait_until(lambda: statuses() == [("unknown", "no_answer")], "the other worker has closed it")
    nightly.run()
    assert (len(twilio.texts()), twilio.send_calls()) == (1, 1)


def test_a_worker_in_another_process_logs_no_numbers(
    start_worker: Callable[..., Worker], twilio: TwilioStandIn, waiting: NightlyText
) -> None:
    worker = start_worker(
        TEXTS_BACKEND="twilio",
        TWILIO_HOST=twilio.url,
        TWILIO_ACCOUNT_SID=ACCOUNT,
        TWILIO_AUTH_TOKEN=TOKEN,
        LOG_LEVEL="DEBUG",
    )
    tasks.send_texts.delay()
    wait_until(lambda: statuses() == [("sent", "")], "the text is sent")
    worker.wait_for_output("sent=1")
    assert len(twilio.texts()) == 1
    for secret in (waiting.customer.phone, waiting.customer.phone[1:], TOKEN, "our van will come"):
        assert secret not in worker.printed
