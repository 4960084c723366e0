"""How fast a business's customers, then its past events, are sent, and what its live orders wait.

The orders are of the business that sends what was there before. First nothing else is sent.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from bench import fill
from bench.figures import Figure, progress
from bench.latency import WORKER_PROCESSES, save_orders_steadily
from bench.live_orders import ORDERS_PER_SECOND, p99_figure, waits_of
from bench.programs import MEASUREMENT_TIMEOUT_SECONDS, Beat, Receiver, Worker, running, wait_until
from bench.sales import Till, load_tills
from bench.sizes import Sizes
from events.jobs import backfill, first_sync
from events.models import Request
from smrt_integration import schedules

WARM_UP_ORDERS = 250
"""Enough for all processes to open their connections, and for Segment to know the buyers."""
BUYERS = 200
DAYS = 30

# Each order is an event of each of three days.
SPREAD_ORDERS = """
UPDATE customers_order SET created_at = now() - (3 + id % 20) * interval '1 day',
    ready_at = now() - (2 + id % 20) * interval '1 day',
    returned_at = now() - (1 + id % 20) * interval '1 day'
"""


def measure_past(sizes: Sizes) -> Iterator[Figure]:
    """Measure the 99th percentile of live orders alone, during a sync, and during a backfill."""
    fill.create_businesses(1, sizes.past_customers, sizes.past_customers // 3)
    with connection.cursor() as cursor:
        cursor.execute(SPREAD_ORDERS)
        cursor.execute("VACUUM ANALYZE customers_order")
    fill.empty_outbox_and_log(identified=False)
    schedules.create_missing()
    (business_id,) = fill.business_ids()
    tills = load_tills()[:BUYERS]
    receiver = Receiver()
    with running(receiver):
        worker, beat = Worker(receiver.url, WORKER_PROCESSES), Beat()
        with running(worker, beat):
            receiver.reset(keep_orders=True, delay=sizes.live_delay)
            save_orders_steadily(tills, WARM_UP_ORDERS, ORDERS_PER_SECOND)
            receiver.wait_for(WARM_UP_ORDERS)
            quiet = _save_until(receiver, tills, _after(sizes.past_quiet_seconds))
            yield p99_figure("sync_none_live", quiet)
            now = timezone.now()
            yield from _measure(
                "sync",
                "customers",
                receiver,
                tills,
                first_sync.request_sync(business_id, None, now),
            )
            day = now.date() - timedelta(days=DAYS)
            job = backfill.request_backfill(business_id, day, None, timezone.now())
            yield from _measure("backfill", "events", receiver, tills, job)


def _measure(
    name: str, unit: str, receiver: Receiver, tills: list[Till], job: Request | None
) -> Iterator[Figure]:
    """Measure live orders until the job is done and sent, and how fast it was."""
    assert job is not None
    started = time.monotonic()
    milliseconds = _save_until(receiver, tills, lambda: _is_done(job))
    seconds = time.monotonic() - started
    yield p99_figure(f"{name}_live", milliseconds, **{unit: job.done})
    yield Figure(f"{name}_{unit}_per_s", job.done / seconds, f"{unit}/s", {})


def _after(seconds: float) -> Callable[[], bool]:
    until = time.monotonic() + seconds
    return lambda: time.monotonic() >= until


def _is_done(job: Request) -> bool:
    """Return whether the job is finished and what it recorded is sent."""
    job.refresh_from_db()
    progress(f"{job}")
    return job.finished_at is not None and not _is_bulk_waiting()


def _is_bulk_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM events_outgoing WHERE is_bulk)")
        return bool(cursor.fetchone()[0])


def _save_until(receiver: Receiver, tills: list[Till], is_over: Callable[[], bool]) -> list[float]:
    """Save orders until it is over. Returns the milliseconds until each was accepted."""
    committed: dict[str, float] = {}
    started = time.monotonic()
    while not is_over():
        assert time.monotonic() - started < 20 * MEASUREMENT_TIMEOUT_SECONDS
        committed |= save_orders_steadily(tills, int(2 * ORDERS_PER_SECOND), ORDERS_PER_SECOND)
    arrivals = receiver.wait_for_orders(committed)
    wait_until(lambda: not fill.is_anything_waiting(), "the outbox is empty")
    return waits_of(committed, arrivals)
