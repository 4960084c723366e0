"""No machine's clock decides whether work is done: a worker's is 70 seconds off."""

from collections.abc import Callable, Iterator

import pytest

from events import wake
from events.models import Outgoing, TaskRun
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business, sign_up
from tests.segment import SegmentStandIn
from tests.workers import Beat, Worker, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class WorkerWithOtherClock(Worker):
    module = ("tests.celery_with_other_clock", "-A", "smrt_integration")


@pytest.fixture(params=["70"])
def worker(request: pytest.FixtureRequest, segment: SegmentStandIn) -> Iterator[Worker]:
    worker = WorkerWithOtherClock(1, {"SEGMENT_HOST": segment.url, "CLOCK_AHEAD": request.param})
    yield worker
    worker.kill()


def test_a_worker_whose_clock_is_off_delivers_on_wake_ups_and_ticks(
    worker: Worker, start_beat: Callable[[], Beat], segment: SegmentStandIn
) -> None:
    worker.wait_until_ready()
    beat = start_beat()
    with show_output_on_failure(worker, beat):
        business = sending_business(WRITE_KEY)
        for expected in (2, 4):
            sign_up(business)
            segment.wait_for(expected, WRITE_KEY)
        wait_until(lambda: not Outgoing.objects.exists(), "all is settled")

        # Without a wake-up, a tick does it.
        wake._paused_until = float("inf")
        sign_up(business)
        segment.wait_for(6, WRITE_KEY)
        # Wake-ups have no number, so only the run of a tick is noted.
        wait_until(
            lambda: TaskRun.objects.filter(task=wake.DELIVER_TASK).exists(), "a tick has its run"
        )
