"""What a web server needs, and what else has to work: checked in a bounded time, and not too often.

Whoever can reach the web server may ask, without a login. So the answer names no business and no
server, it is computed at most once a second, and a server that hangs occupies one thread.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from kombu import Connection

from events.outbox.lane_order import bulk_rows, in_lane_order, live_rows
from events.time_in_words import duration
from smrt_integration.health.heartbeats import ALIVE_SECONDS, seconds_since_seen
from smrt_integration.health.models import Heartbeat

CACHED_SECONDS: Final = 1.0
ANSWER_SECONDS: Final = 2.0
"""Load balancers wait for a few seconds. A healthy server answers within milliseconds."""
ABANDONED_SECONDS: Final = 10.0
"""After this long a check that hangs is tried again: its connection may be dead, and the server
back."""
OVERDUE_LANE_SECONDS: Final = 60
"""Due lanes are claimed within seconds. After a minute, too few workers run, or none."""

# Since when the lane that is due longest could have been claimed. Two probes of the outbox's
# index per lane, from its floors on, as a claim does it while many businesses have waiting rows.
OLDEST_DUE_LANE: Final = f"""
SELECT EXTRACT(EPOCH FROM clock_timestamp() - min(
    GREATEST(first.recorded_at, l.resume_at, l.lease_until, l.claimed_at)
))::float
FROM events_lane l
JOIN events_integration i ON i.business_id = l.business_id
CROSS JOIN LATERAL (
    (
        SELECT o.recorded_at FROM events_outgoing o
        WHERE {live_rows("o", "l.business_id", "l.floor")}
        ORDER BY {in_lane_order("o")} LIMIT 1
    )
    UNION ALL
    (
        SELECT o.recorded_at FROM events_outgoing o
        WHERE {bulk_rows("o", "l.business_id", "l.bulk_floor")}
        ORDER BY {in_lane_order("o")} LIMIT 1
    )
) first
WHERE i.enabled AND l.stopped = '' AND l.resume_at <= clock_timestamp()
    AND (l.lease_until IS NULL OR l.lease_until < clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked. Without what `is_needed`, a web server can serve nobody."""

    name: str
    ok: bool
    text: str
    is_needed: bool = False


DATABASE_AWAY: Final = Check("database", False, "The database does not answer.", is_needed=True)
BROKER_AWAY: Final = Check(
    "broker", False, "The broker does not answer. Events are sent when it is back."
)


class BoundedCheck:
    """Runs checks in a thread, again after CACHED_SECONDS, and waits at most ANSWER_SECONDS.

    While they hang, further callers do not wait.
    """

    def __init__(self, run: Callable[[], list[Check]], if_hanging: Check) -> None:
        self._run = run
        self._if_hanging = if_hanging
        self._lock = threading.Lock()
        self._current: _Run | None = None

    def checks(self) -> list[Check]:
        with self._lock:
            if self._current is None or self._current.is_old():
                self._current = _Run(self._run)
            current = self._current
        return current.checks() or [self._if_hanging]


class _Run:
    def __init__(self, run: Callable[[], list[Check]]) -> None:
        self._started = self._ended = time.monotonic()
        self._done = threading.Event()
        self._checks: list[Check] = []
        # A daemon: a server that hangs must not keep the process from ending.
        threading.Thread(target=self._work, args=[run], name="readiness", daemon=True).start()

    def _work(self, run: Callable[[], list[Check]]) -> None:
        try:
            self._checks = run()
        finally:
            self._ended = time.monotonic()
            self._done.set()

    def is_old(self) -> bool:
        """Return whether to run again: some time after it ended, or if it hangs for good."""
        if self._done.is_set():
            return time.monotonic() - self._ended > CACHED_SECONDS
        return time.monotonic() - self._started > ABANDONED_SECONDS

    def checks(self) -> list[Check]:
        """Return the checks, or none if they hang."""
        self._done.wait(max(0.0, self._started + ANSWER_SECONDS - time.monotonic()))
        return self._checks


def check_database() -> list[Check]:
    """Check what one new connection to the database shows."""
    params = connection.get_connection_params() | {"connect_timeout": 2}
    try:
        with psycopg.connect(**params) as session, session.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {ANSWER_SECONDS * 1000:.0f}")
            return list(_database_checks(cursor))
    except psycopg.Error:
        # Not the error's text: it names the server and its user.
        return [DATABASE_AWAY]


def _database_checks(cursor: Any) -> Iterator[Check]:
    yield Check("database", True, "The database answers.", is_needed=True)
    missing = _missing_migrations(cursor)
    if missing:
        text = f"Migrations are missing ({missing}): run manage.py migrate."
        yield Check("migrations", False, text, is_needed=True)
        return
    yield Check("migrations", True, "All migrations are applied.", is_needed=True)
    seen = seconds_since_seen(cursor)
    yield _program_check("beat", "Beat", seen.get(Heartbeat.Program.BEAT))
    yield _program_check("workers", "A worker", seen.get(Heartbeat.Program.WORKER))
    cursor.execute(OLDEST_DUE_LANE)
    yield _lanes_check(*cursor.fetchone())


def _missing_migrations(cursor: Any) -> int:
    """Return how many apps lack migrations that this version has."""
    cursor.execute("SELECT to_regclass('django_migrations') IS NOT NULL")
    if not cursor.fetchone()[0]:
        return len(_last_migrations())
    cursor.execute("SELECT app, name FROM django_migrations")
    return len(_last_migrations() - set(cursor.fetchall()))


@cache
def _last_migrations() -> set[tuple[str, str]]:
    """Return the last migration of each app of this version. It needs all others to be applied."""
    return set(MigrationLoader(None).graph.leaf_nodes())


def _program_check(name: str, program: str, seconds: float | None) -> Check:
    if seconds is None:
        return Check(name, False, f"{program} has not been seen for a day.")
    ago = duration(timedelta(seconds=seconds))
    return Check(name, seconds < ALIVE_SECONDS, f"{program} was last seen {ago} ago.")


def _lanes_check(seconds: float | None) -> Check:
    if seconds is None or seconds < 1:
        return Check("lanes", True, "No lane waits for a worker.")
    waited = duration(timedelta(seconds=seconds))
    text = f"The lane that is due longest has waited for a worker for {waited}."
    return Check("lanes", seconds < OVERDUE_LANE_SECONDS, text)


def check_broker() -> list[Check]:
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "max_retries": 0}
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options |= {"socket_timeout": 1, "socket_connect_timeout": 1}
    try:
        with Connection(
            settings.CELERY_BROKER_URL, connect_timeout=1, transport_options=options
        ) as broker:
            # Opening a channel connects, and says hello to Redis. `connect` would try twice.
            broker.default_channel  # noqa: B018 - a property that connects
    except Exception:  # noqa: BLE001 - each transport raises errors of its own
        return [BROKER_AWAY]
    return [Check("broker", True, "The broker answers.")]


_database = BoundedCheck(check_database, DATABASE_AWAY)
_broker = BoundedCheck(check_broker, BROKER_AWAY)


def all_checks() -> list[Check]:
    return [*_database.checks(), *_broker.checks()]
