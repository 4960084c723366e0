"""A worker's heartbeat: written by the processes that do the work, while they get on with it.

A worker is a main process, which takes tasks from the broker, and children, which run them. Either
may hang while the other looks well. So a thread in each child writes the heartbeat of the worker,
if that child's task gets on and the main process does.

Imported by `smrt_integration.celery` before the children are forked.
"""

import mmap
import os
import struct
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from celery import bootsteps
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_shutdown,
)
from django.db import Error, close_old_connections, connection

from smrt_integration.health.heartbeats import WRITE_SECONDS, RunningSelf, this_process

log = structlog.get_logger(__name__)

MARK_SECONDS: Final = 2.0
"""How often the main process says that it gets on."""
LOOK_SECONDS: Final = 1.0
"""How often each child looks whether a heartbeat is due."""
STUCK_SECONDS: Final = 120.0
"""No task goes for this long without a query that succeeds: PostgreSQL ends a statement sooner
(smrt_integration.timeouts.WORKER). Shorter would have a supervisor end a long sweep each time."""
MAIN_STUCK_SECONDS: Final = 30.0
"""The main process's loop turns all the time. It waits for a broker that hangs for some seconds."""


class SharedTimes:
    """Two times by the monotonic clock, in memory that a worker's processes share.

    Each write is eight bytes at once, so no lock is needed, which a killed process would keep.
    """

    MAIN_GOT_ON, WRITTEN = 0, 8

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 16)

    def set(self, which: int) -> None:
        struct.pack_into("d", self._memory, which, time.monotonic())

    def seconds_since(self, which: int) -> float:
        (moment,) = struct.unpack_from("d", self._memory, which)
        return time.monotonic() - float(moment)


class Child:
    """What this child process does: nothing, or a task that last got on at `got_on`."""

    def __init__(self) -> None:
        self.is_busy = False
        self.got_on = 0.0

    def start_task(self) -> None:
        self.got_on, self.is_busy = time.monotonic(), True

    def end_task(self) -> None:
        self.is_busy = False

    def is_stuck(self) -> bool:
        return self.is_busy and time.monotonic() - self.got_on > STUCK_SECONDS

    def note_query(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """Run a query of the task. Tasks work in the database, so they get on when queries do."""
        result = execute(sql, params, many, context)
        self.got_on = time.monotonic()
        return result


times = SharedTimes()
child = Child()
_worker: RunningSelf | None = None


def main_process_gets_on() -> None:
    times.set(SharedTimes.MAIN_GOT_ON)


class MarkMainLoop(bootsteps.StartStopStep):
    """Says every MARK_SECONDS that the main process's loop turns.

    While the broker is away, the loop does not: then each attempt to connect says so.
    """

    requires = ("celery.worker.consumer:Tasks",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        self._timer: Any = None
        super().__init__(consumer, **options)

    def start(self, consumer: Any) -> None:
        main_process_gets_on()
        self._timer = consumer.timer.call_repeatedly(MARK_SECONDS, main_process_gets_on)

    def stop(self, consumer: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@worker_init.connect
def start_main_process(**kwargs: Any) -> None:
    global _worker  # noqa: PLW0603 - one per process, inherited by the children
    _worker = this_process("worker")
    main_process_gets_on()


@worker_shutdown.connect
def end_main_process(**kwargs: Any) -> None:
    if _worker and _worker.pid == os.getpid():
        try:
            close_old_connections()
            _worker.delete_heartbeat()
        except Error:
            # The database is away. The row says itself when the worker was last seen.
            connection.close()


@worker_process_init.connect
def start_child(**kwargs: Any) -> None:
    child.end_task()
    connection.execute_wrappers.append(child.note_query)
    threading.Thread(target=_write_heartbeats, name="heartbeat", daemon=True).start()


@task_prerun.connect
def start_task(**kwargs: Any) -> None:
    child.start_task()


@task_postrun.connect
def end_task(**kwargs: Any) -> None:
    child.end_task()


def _write_heartbeats() -> None:
    while True:
        write_heartbeat_if_due()
        # Otherwise each child would keep one more connection.
        connection.close()
        time.sleep(LOOK_SECONDS)


def write_heartbeat_if_due() -> None:
    """Write the worker's row, unless a child has just done so, or this one or the main is stuck."""
    if _worker is None or not _gets_on():
        return
    if times.seconds_since(SharedTimes.WRITTEN) < WRITE_SECONDS:
        return
    times.set(SharedTimes.WRITTEN)
    try:
        _worker.write_heartbeat()
    except Error as error:
        # No warning: the tasks fail for the same reason, and say so.
        log.debug("heartbeat_failed", error=type(error).__name__)


def _gets_on() -> bool:
    return (
        times.seconds_since(SharedTimes.MAIN_GOT_ON) < MAIN_STUCK_SECONDS and not child.is_stuck()
    )
