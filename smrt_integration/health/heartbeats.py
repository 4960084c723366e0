"""Heartbeats: beat and each worker write every few seconds that they live, into a row of their own.

A web server does so about once a minute, while it is used: a probe asks whether it lives.

The broker is not asked: a program that answers it may do no work, and one that works may be cut off
from it.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import Error, connection
from django.utils import timezone

log = structlog.get_logger(__name__)

WRITE_SECONDS: Final = 5.0
"""One small write per program in this time. Longer would make a dead program look alive longer."""
WEB_WRITE_SECONDS: Final = 60.0
WRONG_SECONDS: Final = 2.0
"""Machines that set their clocks by the network differ by milliseconds, and a heartbeat takes no
second."""
ALIVE_SECONDS: Final = 30
"""A program that was not seen for this long counts as dead: it missed several heartbeats."""

# A program that ends by itself deletes its row. One that was killed leaves it. The last hours are
# of use to an operator; of a program that dies and starts again and again, the last minutes are.
WRITE_HEARTBEAT: Final = """
WITH dead AS (
    DELETE FROM smrt_integration_heartbeat
    WHERE (program, host, pid) <> (%(program)s, %(host)s, %(pid)s) AND (
        seen_at < clock_timestamp() - interval '1 day'
        OR program = %(program)s AND host = %(host)s
            AND seen_at < clock_timestamp() - interval '10 minutes'
    )
)
INSERT INTO smrt_integration_heartbeat AS h
    (program, host, pid, started_at, seen_at, clock_difference, clock_logged_at)
SELECT %(program)s, %(host)s, %(pid)s, clock_timestamp() - %(running)s, clock_timestamp(),
    seconds, CASE WHEN abs(seconds) >= %(wrong)s THEN statement_timestamp() END
FROM (SELECT EXTRACT(EPOCH FROM %(now)s - clock_timestamp()) AS seconds) AS difference
ON CONFLICT (program, host, pid) DO UPDATE SET
    started_at = EXCLUDED.started_at,
    seen_at = EXCLUDED.seen_at,
    clock_difference = EXCLUDED.clock_difference,
    clock_logged_at = CASE
        WHEN h.clock_logged_at > statement_timestamp() - interval '1 hour' THEN h.clock_logged_at
        ELSE COALESCE(EXCLUDED.clock_logged_at, h.clock_logged_at)
    END
RETURNING clock_difference, clock_logged_at = statement_timestamp()
"""
DELETE_HEARTBEAT: Final = (
    "DELETE FROM smrt_integration_heartbeat WHERE program = %s AND host = %s AND pid = %s"
)
LAST_SEEN: Final = """
SELECT program, EXTRACT(EPOCH FROM clock_timestamp() - max(seen_at))::float
FROM smrt_integration_heartbeat WHERE %(host)s IN ('', host) GROUP BY program
"""

_started = time.monotonic()
_write_from_web_at = 0.0


@dataclass(frozen=True, slots=True)
class RunningSelf:
    """This program: a process of `program`, or one of its child processes, with the main `pid`.

    `started` is the main process's start by the monotonic clock, which all processes of a machine
    share.
    """

    program: str
    pid: int
    started: float

    def write_heartbeat(self) -> None:
        with connection.cursor() as cursor:
            # Connected by now, so what differs is the clocks.
            params: dict[str, Any] = {
                "program": self.program,
                "host": host_name(),
                "pid": self.pid,
                "running": timedelta(seconds=time.monotonic() - self.started),
                "now": timezone.now(),
                "wrong": WRONG_SECONDS,
            }
            cursor.execute(WRITE_HEARTBEAT, params)
            difference, is_to_be_logged = cursor.fetchone()
        if is_to_be_logged:
            log.warning("clock_differs", program=self.program, seconds=round(difference, 1))

    def delete_heartbeat(self) -> None:
        """Delete the row, as the program ends by itself."""
        with connection.cursor() as cursor:
            cursor.execute(DELETE_HEARTBEAT, [self.program, host_name(), self.pid])


def this_process(program: str) -> RunningSelf:
    return RunningSelf(program, os.getpid(), time.monotonic())


def write_from_web(**kwargs: Any) -> None:
    """Write the row of this web server after a request, if it is time. All its processes share it.

    In a thread of its own: a database that hangs must not keep the thread that answers requests,
    and least of all after `/livez`.
    """
    global _write_from_web_at  # noqa: PLW0603 - one per process
    if time.monotonic() >= _write_from_web_at:
        _write_from_web_at = time.monotonic() + WEB_WRITE_SECONDS
        threading.Thread(target=_write_and_disconnect, name="heartbeat", daemon=True).start()


def _write_and_disconnect() -> None:
    with suppress(Error):
        RunningSelf("web", os.getppid(), _started).write_heartbeat()
    connection.close()


def host_name() -> str:
    """Return this machine's or container's name, as the rows have it."""
    return socket.gethostname()[:255]


def seconds_since_seen(cursor: Any, host: str = "") -> dict[str, float]:
    """Return for each program how long ago the last of its kind was seen, on one host or any."""
    cursor.execute(LAST_SEEN, {"host": host})
    return dict(cursor.fetchall())
