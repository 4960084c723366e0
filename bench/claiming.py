"""What it costs to find out who has something waiting, with thousands of businesses."""

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
from smrt_integration.delivery.claim import MOST_LANES, claim

REPETITIONS = 15

DIED = """
WITH made AS (
    INSERT INTO events_outgoing (business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts)
    SELECT c.business_id, c.id, c.uuid, 'Order Returned', n, replace(gen_random_uuid()::text, '-', ''), now(), '{}'
    FROM generate_series(1, %s) n, customers_customer c
    RETURNING id
) SELECT count(*) FROM made
"""
ABOVE_THE_DEAD = "UPDATE events_lane SET floor = (SELECT last_value FROM events_outgoing_id_seq), next_floor = floor, floor_at = now()"
# Ours end a transaction that is idle for so long.
SNAPSHOT = """
SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM events_lane
"""
DEAD = "SELECT pg_stat_get_dead_tuples('events_outgoing'::regclass)"


def measure_claims(sizes: Sizes) -> Iterator[Figure]:
    fill.create_businesses(sizes.claim_lanes, 1, 1)
    found = {
        "calm": _milliseconds(_calm),
        "one_waiting": _milliseconds(_one_waits),
        "all_waiting": _milliseconds(_all_wait),
    }
    found["all_waiting_crowded"] = _milliseconds(_all_wait, crowded=True)
    with _dead_rows(sizes.claim_dead_rows // sizes.claim_lanes):
        found["dead_rows"] = _milliseconds(_released)
        found["dead_rows_from_zero"] = _milliseconds(_released, from_zero=True)
    told = {name: rounded(value) for name, value in found.items() if name != "calm"}
    yield Figure(
        "claim_ms",
        found["calm"],
        "ms",
        told | {"lanes": sizes.claim_lanes, "dead": sizes.claim_dead_rows},
    )


def _milliseconds(
    prepare: Callable[[], None], *, from_zero: bool = False, crowded: bool = False
) -> float:
    found = []
    prepare()
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        claim(timezone.now(), MOST_LANES, from_zero=from_zero, crowded=crowded)
        found.append(1_000 * (time.perf_counter() - started))
        _released()
    return median(found)


def _released() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_lane SET lease_until = NULL, lease_token = NULL WHERE lease_token IS NOT NULL"
        )


def _calm() -> None:
    fill.empty_outbox_and_log(known=True)


def _one_waits() -> None:
    _all_wait()
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM events_outgoing WHERE id <> (SELECT max(id) / 2 FROM events_outgoing)"
        )
        cursor.execute("VACUUM events_outgoing")


def _all_wait() -> None:
    fill.empty_outbox_and_log(known=True)
    fill.fill_outbox()


@contextmanager
def _dead_rows(each: int) -> Iterator[None]:
    """So many rows of each business that are deleted but cannot be removed while a snapshot is held, and one that waits."""
    fill.empty_outbox_and_log(known=True)
    with _report() as begin, connection.cursor() as cursor:
        cursor.execute(DIED, [each])
        dead = cursor.fetchone()[0]
        begin()
        cursor.execute("DELETE FROM events_outgoing")
        cursor.execute(ABOVE_THE_DEAD)
        fill.fill_outbox()
        wait_until(
            lambda: _count_dead() >= dead, "the statistics knew of the dead rows", seconds=30
        )
        yield


@contextmanager
def _report() -> Iterator[Callable[[], None]]:
    """Somebody else's long transaction, which begins when asked to."""
    other = connection.copy()
    with other.cursor() as cursor:
        yield lambda: cursor.execute(SNAPSHOT)
    other.close()


def _count_dead() -> int:
    with connection.cursor() as cursor:
        cursor.execute(DEAD)
        count: int = cursor.fetchone()[0]
        return count
