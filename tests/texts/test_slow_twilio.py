"""A Twilio that is slow or hangs keeps nothing else waiting, and loses no result."""

from collections.abc import Callable, Iterator

import pytest

from customers.models import Customer, NightlyText, TextSettings
from events.models import Integration, Outgoing
from smrt_integration import tasks
from tests.factories import (
    CustomerFactory,
    NightlyTextFactory,
    OrderFactory,
    TextSettingsFactory,
)
from tests.segment import SegmentStandIn
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.workers import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
COUNT = 10
Phones = Callable[[float], TwilioStandIn]


@pytest.fixture
def clock() -> None:
    """The real clock, which a real worker has too."""


@pytest.fixture
def start_phones() -> Iterator[Phones]:
    """A function that starts a stand-in of this test's own, which responds after so long."""
    started: list[TwilioStandIn] = []

    def start(delay: float) -> TwilioStandIn:
        started.append(TwilioStandIn(delay=delay))
        return started[-1]

    yield start
    for phones in started:
        phones.stop()


@pytest.fixture
def waiting(customer: Customer, texting: TextSettings) -> int:
    """Texts of another business than the customer's, that are due now."""
    other = TextSettingsFactory.create()
    for each in CustomerFactory.create_batch(COUNT, business=other.business):
        NightlyTextFactory.create(customer=each)
    return COUNT


def environment(phones: TwilioStandIn) -> dict[str, str]:
    return {
        "TEXTS_BACKEND": "twilio",
        "TWILIO_HOST": phones.url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TEXTS_PER_SECOND": "1000",
    }


def count(status: str) -> int:
    return NightlyText.objects.filter(status=status).count()


def test_a_live_event_leaves_the_only_process_while_twilio_hangs(
    start_worker: Callable[..., Worker],
    start_phones: Phones,
    segment: SegmentStandIn,
    customer: Customer,
    integration: Integration,
    waiting: int,
) -> None:
    phones = start_phones(3600)
    start_worker(concurrency=1, **environment(phones))
    tasks.send_texts.delay()
    wait_until(lambda: phones.send_calls() == waiting, "all texts are being sent")

    OrderFactory.create(customer=customer)
    tasks.deliver.delay()
    wait_until(lambda: not Outgoing.objects.exists(), "the order's events are accepted")
    # Had the event waited for Twilio, their requests would have timed out.
    assert count("sending") == waiting

    phones.stop()
    wait_until(lambda: count("unknown") == waiting, "a thread has recorded the cut connections")


def test_results_that_come_after_their_run_are_recorded(
    start_worker: Callable[..., Worker], start_phones: Phones, waiting: int
) -> None:
    phones = start_phones(2.0)
    worker = start_worker(concurrency=1, **environment(phones))
    tasks.send_texts.delay()
    wait_until(lambda: count("sent") == waiting, "all texts are recorded")
    worker.wait_for_output(f"sent={waiting}")
    assert (len(phones.texts()), phones.send_calls()) == (waiting, waiting)


def test_a_worker_that_is_told_to_stop_records_what_it_is_sending(
    start_worker: Callable[..., Worker], start_phones: Phones, waiting: int
) -> None:
    phones = start_phones(3.0)
    worker = start_worker(concurrency=2, **environment(phones))
    tasks.send_texts.delay()
    wait_until(lambda: phones.send_calls() == waiting, "all texts are being sent")
    worker.stop()
    assert count("sent") == waiting
