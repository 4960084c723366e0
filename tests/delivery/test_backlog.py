"""One run of `deliver` goes on until nothing is due, whatever it had to leave for later on the way."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from bench import fill
from bench.programs import Receiver, running
from smrt_integration.delivery.build import MOST_ROWS
from smrt_integration.delivery.deliver import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """Answers so fast that a run is through with what it took before it would look again by the clock."""
    receiver = Receiver()
    with running(receiver):
        settings.SEGMENT_HOST = receiver.url
        yield receiver


def test_a_business_with_more_than_one_round_holds_is_done_in_one_run(receiver: Receiver) -> None:
    fill.fill(businesses=1, customers=1, orders=2 * MOST_ROWS + 1)
    fill.calm(known=True)
    fill.let_events_wait()

    assert Delivery().run() is False

    assert fill.count_waiting() == 0
    assert receiver.counts()["tracks"] == 2 * MOST_ROWS + 1
