"""What an event costs: time of the processors, write-ahead log and space in the send log.

One process delivers in turns, so what is measured is the work, not the waiting.
"""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db import connection

from bench import fill
from bench.figures import Figure, median_of_runs
from bench.programs import Receiver, running
from bench.sales import load_tills
from bench.sizes import Sizes
from events.models import Outgoing
from smrt_integration.celery import COLLECT_AFTER
from smrt_integration.delivery.deliver import Delivery

SAVES = 200
LOG_BYTES = """
SELECT sum(pg_table_size(inhrelid)), sum(pg_indexes_size(inhrelid)) FROM pg_inherits
WHERE inhparent = 'events_sendlog'::regclass
"""


@dataclass
class Costs:
    """Per event, in each turn."""

    worker_us: list[float] = field(default_factory=list)
    postgres_us: list[float] = field(default_factory=list)
    settle_wal: list[float] = field(default_factory=list)
    rows: list[float] = field(default_factory=list)
    indexes: list[float] = field(default_factory=list)


def measure_costs(sizes: Sizes) -> Iterator[Figure]:
    """Measure the delivery of bulk events, and the recording of single ones."""
    fill.create_businesses(sizes.bulk_businesses, sizes.bulk_customers, sizes.bulk_events)
    receiver, costs = Receiver(), Costs()
    with running(receiver), _as_in_a_worker(receiver.url):
        for turn in range(sizes.repetitions + 1):
            # the first turn only warms up
            _deliver(costs if turn else Costs())
    yield median_of_runs("event_worker_us", costs.worker_us, "us")
    yield median_of_runs("event_postgres_us", costs.postgres_us, "us")
    yield median_of_runs("event_settle_wal_bytes", costs.settle_wal, "bytes")
    yield median_of_runs(
        "event_log_bytes",
        [row + index for row, index in zip(costs.rows, costs.indexes, strict=True)],
        "bytes",
        row=round(median(costs.rows)),
        indexes=round(median(costs.indexes)),
    )
    yield _record_wal()


def _deliver(costs: Costs) -> None:
    fill.empty_outbox_and_log(identified=True)
    events = fill.fill_outbox()
    written, own, theirs = _wal(), time.process_time(), _backend_seconds()
    Delivery().run()
    while fill.is_anything_waiting():
        Delivery().run()
    costs.worker_us.append((time.process_time() - own) / events * 1e6)
    costs.postgres_us.append((_backend_seconds() - theirs) / events * 1e6)
    costs.settle_wal.append((_wal() - written) / events)
    with connection.cursor() as cursor:
        cursor.execute(LOG_BYTES)
        rows, indexes = cursor.fetchone()
    costs.rows.append(float(rows) / events)
    costs.indexes.append(float(indexes) / events)


def _record_wal() -> Figure:
    """Save orders, each with an event, and again without: the difference is the recording's."""
    fill.create_businesses(20, 20, 0)
    fill.empty_outbox_and_log(identified=True)
    _save_orders()
    written = {}
    for is_on in (True, False):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE events_integration SET enabled = %s", [is_on])
        before, waiting = _wal(), Outgoing.objects.count()
        _save_orders()
        written[is_on] = _wal() - before
        if is_on and Outgoing.objects.count() != waiting + SAVES:
            raise AssertionError("Not every order was recorded.")
    return Figure("event_record_wal_bytes", (written[True] - written[False]) / SAVES, "bytes")


def _save_orders() -> None:
    tills = load_tills()
    for number in range(SAVES):
        tills[number % len(tills)].new_order().save()


def _wal() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def _backend_seconds() -> float:
    """Return the processor time of the server's process for our connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _as_in_a_worker(segment_host: str) -> Iterator[None]:
    """Post to the receiver, and collect garbage as rarely as a worker does."""
    host, threshold = settings.SEGMENT_HOST, gc.get_threshold()
    settings.SEGMENT_HOST = segment_host
    gc.set_threshold(*COLLECT_AFTER)
    try:
        yield
    finally:
        settings.SEGMENT_HOST = host
        gc.set_threshold(*threshold)
