"""Two real workers keep the limit of a number together, and delay no other business."""

from collections.abc import Callable, Iterator

import pytest

from customers.models import NightlyText, TextSettings
from smrt_integration import tasks
from tests.factories import CustomerFactory, NightlyTextFactory, TextSettingsFactory
from tests.twilio import ACCOUNT, TOKEN, TwilioStandIn
from tests.workers import Worker, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PER_SECOND = 20
LATE = 0.3
"""Seconds that a text may take from its claim to Twilio, on a busy machine."""


@pytest.fixture
def clock() -> None:
    """The real clock, which real workers have too."""


@pytest.fixture
def phones() -> Iterator[TwilioStandIn]:
    with TwilioStandIn(delay=0.4) as phones:
        yield phones


def test_two_workers_keep_the_limit_of_a_number_together(
    start_worker: Callable[..., Worker], phones: TwilioStandIn, texting: TextSettings
) -> None:
    other = TextSettingsFactory.create()
    many, few = 3 * PER_SECOND, 5
    for business, count in ((texting.business, many), (other.business, few)):
        for customer in CustomerFactory.create_batch(count, business=business):
            NightlyTextFactory.create(customer=customer)
    for _ in range(2):
        start_worker(
            concurrency=1,
            TEXTS_BACKEND="twilio",
            TWILIO_HOST=phones.url,
            TWILIO_ACCOUNT_SID=ACCOUNT,
            TWILIO_AUTH_TOKEN=TOKEN,
            TEXTS_PER_SECOND=str(PER_SECOND),
        )
    for _ in range(2):
        tasks.send_texts.delay()
    sent = NightlyText.objects.filter(status="sent", attempts=1)
    wait_until(lambda: sent.count() == many + few, "all are sent")

    arrivals = phones.arrivals()
    of_many, of_few = arrivals[texting.number], arrivals[other.number]
    assert (len(of_many), len(of_few)) == (many, few)
    most = int(PER_SECOND * 1.1) + 1
    claimed = sorted(
        row.claimed_at.timestamp() for row in sent.filter(sender=texting.number) if row.claimed_at
    )
    for times, late in ((claimed, 0.0), (of_many, LATE)):
        for first, next_but_most in zip(times, times[most:], strict=False):
            assert next_but_most >= first + 1 - late
    # Texts planned together: the few did not wait until the many were sent.
    assert of_few[-1] < of_many[many // 2]
