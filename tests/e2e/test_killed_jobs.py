"""Workers are killed during a sync and a backfill: each customer and event is sent once."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from celery import current_app
from django.utils import timezone

from customers.models import Business, Customer, Visit
from events import wake
from events.jobs import backfill, first_sync
from events.models import Outgoing, Request, SendLog
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business, time_passes
from tests.e2e.test_killed_worker import has_session_ended
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

pytestmark = pytest.mark.slow

CUSTOMERS = 1_500
"""Three chunks of a job."""


def run_with_kills(
    job: Request | None, start_worker: Callable[..., Worker], *kills: int
) -> Request:
    """Let workers do the job, and kill one as soon as so many messages were recorded.

    Returns the finished job.
    """
    assert job is not None
    for done in kills:
        worker = start_worker()
        wake_up()
        wait_until(partial(has_recorded, job, done), f"{done} were recorded")
        worker.kill()
        wait_until(has_session_ended, "its session has ended")
        time_passes()
    worker = start_worker()
    wake_up()
    wait_until(lambda: is_finished(job), "the job is done and sent", timeout=60)
    worker.kill()
    return job


def wake_up() -> None:
    for task in (wake.RUN_JOBS_TASK, wake.DELIVER_TASK):
        current_app.send_task(task, ignore_result=True)


def has_recorded(job: Request, messages: int) -> bool:
    job.refresh_from_db()
    return job.done >= messages


def is_finished(job: Request) -> bool:
    job.refresh_from_db()
    return job.finished_at is not None and not Outgoing.objects.exists()


@pytest.fixture
def business(transactional_db: None, segment: SegmentStandIn) -> Business:
    """A business whose customers signed up yesterday, before anything of them was recorded."""
    # A signup is a visit, too.
    business = sending_business(WRITE_KEY, muted=["Customer Visit"])
    yesterday = timezone.now() - timedelta(days=1)
    Customer.objects.bulk_create(
        [
            Customer(business=business, first_name=f"Ann {number}", created_at=yesterday)
            for number in range(CUSTOMERS)
        ]
    )
    Visit.objects.bulk_create(
        [
            Visit(
                business=business,
                customer=customer,
                day=business.today(yesterday),
                visit_type=Visit.Type.SIGNUP,
                at=customer.created_at,
            )
            for customer in business.customers.all()
        ]
    )
    return business


def test_a_killed_worker_loses_and_doubles_nothing(
    business: Business, segment: SegmentStandIn, start_worker: Callable[..., Worker]
) -> None:
    users = {str(uuid) for uuid in Customer.objects.values_list("uuid", flat=True)}
    now = timezone.now()
    sync = run_with_kills(first_sync.request_sync(business.pk, None, now), start_worker, 1, 501)
    assert (sync.done, sync.passed_over) == (CUSTOMERS, 0)
    identified = Counter(message["userId"] for message in segment.accepted(WRITE_KEY))
    assert identified == Counter(users)

    day = now.date() - timedelta(days=3)
    job = backfill.request_backfill(business.pk, day, None, now)
    past = run_with_kills(job, start_worker, 501)
    assert (past.done, past.passed_over) == (CUSTOMERS, 0)
    tracks = [message for message in segment.accepted(WRITE_KEY) if message["type"] == "track"]
    assert Counter(message["userId"] for message in tracks) == Counter(users)
    assert {message["properties"]["backfilled"] for message in tracks} == {True}

    logged = SendLog.objects.values_list("message_id", "outcome")
    assert len(logged) == 2 * CUSTOMERS
    assert {*logged} == {
        (message["messageId"], "accepted") for message in segment.accepted(WRITE_KEY)
    }
