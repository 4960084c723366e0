"""A worker is killed while it sends texts: they are unconfirmed and not sent again."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from customers.models import NightlyText, PickupRequest, TextSettings
from customers.texts import nightly
from customers.texts.claim_texts import CLAIM_LIFETIME, TEXTS_IN_FLIGHT
from smrt_integration import tasks
from tests.factories import CustomerFactory, NightlyTextFactory
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


def test_a_worker_that_is_killed_amid_many_leaves_only_those_in_flight(
    start_worker: Callable[..., Worker], texting: TextSettings
) -> None:
    count = TEXTS_IN_FLIGHT + 60
    for number in range(count):
        phone = f"+1628555{number:04}"
        customer = CustomerFactory.create(business=texting.business, phone=phone)
        NightlyTextFactory.create(customer=customer)
    with TwilioStandIn(delay=0.4) as twilio:
        environment = {
            "TEXTS_BACKEND": "twilio",
            "TWILIO_HOST": twilio.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TEXTS_PER_SECOND": "1000",
        }
        worker = start_worker(concurrency=2, **environment)
        tasks.send_texts.delay()
        wait_until(lambda: texts("sent") and texts("sending"), "some are sent, some in flight")
        worker.kill()
        unconfirmed = texts("sending")
        assert 0 < unconfirmed <= TEXTS_IN_FLIGHT

        NightlyText.objects.filter(status="sending").update(
            claimed_at=timezone.now() - CLAIM_LIFETIME
        )
        start_worker(concurrency=2, **environment)
        tasks.send_texts.delay()
        wait_until(lambda: not texts("waiting", "sending"), "the other worker has sent the rest")
        assert texts("unknown") == unconfirmed
        assert texts("sent") == count - unconfirmed
        phones = [text.to for text in twilio.texts()]
        assert len(phones) == len({*phones})


def texts(*of_status: str) -> int:
    return NightlyText.objects.filter(status__in=of_status).count()


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
