"""How long it takes to find and claim the lanes that are due, with thousands of businesses."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

from django.db import connection
from django.utils import timezone

from bench import fill
from bench.figures import Figure, rounded
from bench.programs import wait_until
from bench.sizes import Sizes
from smrt_integration.delivery.claim import MAX_CLAIMED_LANES, claim_lanes

REPETITIONS = 15
"""Enough for a steady median; each takes milliseconds."""

INSERT_ROWS_TO_DELETE = """
WITH inserted AS (
    INSERT INTO events_outgoing (
        business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts
    )
    SELECT
        c.business_id, c.id, c.uuid, 'Order Returned', n,
        replace(gen_random_uuid()::text, '-', ''), now(), '{}'
    FROM generate_series(1, %s) n, customers_customer c
    RETURNING id
) SELECT count(*) FROM inserted
"""
RAISE_FLOORS = """
UPDATE events_lane SET
    floor = (SELECT last_value FROM events_outgoing_id_seq), next_floor = floor, floor_at = now()
"""
# Our database settings end transactions that stay idle; this one has to stay open.
OPEN_SNAPSHOT = """
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM events_lane
"""
COUNT_DEAD_ROWS = "SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass)"
RELEASE_LANES = """
UPDATE events_lane SET lease_until = NULL, lease_token = NULL WHERE lease_token IS NOT NULL
"""
KEEP_ONE_ROW = """
DELETE FROM events_outgoing WHERE id <> (SELECT max(id) / 2 FROM events_outgoing)
"""


def measure_claims(sizes: Sizes) -> Iterator[Figure]:
    """Measure a claim when nothing waits, and in the cases that cost more."""
    fill.create_businesses(sizes.claim_lanes, 1, 1)
    calm = _milliseconds(_empty_outbox)
    milliseconds = {
        "one_waiting": _milliseconds(_fill_one_lane),
        "all_waiting": _milliseconds(_fill_all_lanes),
        "all_waiting_crowded": _milliseconds(_fill_all_lanes, crowded=True),
    }
    with _dead_rows(sizes.claim_dead_rows // sizes.claim_lanes):
        milliseconds["dead_rows"] = _milliseconds(_release_lanes)
        milliseconds["dead_rows_from_zero"] = _milliseconds(_release_lanes, from_zero=True)
    extra = {name: rounded(value) for name, value in milliseconds.items()}
    counts = {"lanes": sizes.claim_lanes, "dead": sizes.claim_dead_rows}
    yield Figure("claim_ms", calm, "ms", extra | counts)


def _milliseconds(
    prepare: Callable[[], None], *, from_zero: bool = False, crowded: bool = False
) -> float:
    """Return the median time of a claim, each with all lanes free."""
    milliseconds = []
    prepare()
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        claim_lanes(timezone.now(), MAX_CLAIMED_LANES, from_zero=from_zero, crowded=crowded)
        milliseconds.append(1_000 * (time.perf_counter() - started))
        _release_lanes()
    return median(milliseconds)


def _release_lanes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_LANES)


def _empty_outbox() -> None:
    fill.empty_outbox_and_log(identified=True)


def _fill_one_lane() -> None:
    _fill_all_lanes()
    with connection.cursor() as cursor:
        cursor.execute(KEEP_ONE_ROW)
        cursor.execute("VACUUM events_outgoing")


def _fill_all_lanes() -> None:
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()


@contextmanager
def _dead_rows(rows_per_business: int) -> Iterator[None]:
    """Leave dead rows in the outbox, and one row per business that waits.

    VACUUM cannot remove the dead rows while another transaction holds a snapshot.
    """
    fill.empty_outbox_and_log(identified=True)
    with _other_session() as open_snapshot, connection.cursor() as cursor:
        cursor.execute(INSERT_ROWS_TO_DELETE, [rows_per_business])
        inserted = cursor.fetchone()[0]
        open_snapshot()
        cursor.execute("DELETE FROM events_outgoing")
        cursor.execute(RAISE_FLOORS)
        fill.fill_outbox()
        wait_until(
            lambda: _count_dead_rows() >= inserted, "the statistics show the dead rows", seconds=30
        )
        yield


@contextmanager
def _other_session() -> Iterator[Callable[[], None]]:
    """Connect another session. Yields the function that opens a long transaction in it."""
    other = connection.copy()
    with other.cursor() as cursor:
        yield lambda: cursor.execute(OPEN_SNAPSHOT)
    other.close()


def _count_dead_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_DEAD_ROWS)
        count: int = cursor.fetchone()[0]
        return count
