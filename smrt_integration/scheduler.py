"""Beat's scheduler, which waits whenever the database is away: at beat's start and at any time.

The schedules are in the database. The scheduler of django-celery-beat survives a database error
while it checks whether they were edited. An error while it reads them ends beat, and it reads them
at its start, after each edit and every five minutes.
"""

import time
from contextlib import suppress
from typing import Any, Final

import structlog
from django.db import Error, close_old_connections, connection
from django_celery_beat.schedulers import DatabaseScheduler

from smrt_integration.health.heartbeats import WRITE_SECONDS, this_process

log = structlog.get_logger(__name__)

RETRY_SECONDS: Final = 1.0


class ReconnectingScheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    _is_set_up = False
    _is_database_away = False
    _waiting_since: float | None = None
    _write_heartbeat_at = 0.0

    def __init__(self, *args: Any, **options: Any) -> None:
        self._program = this_process("beat")
        super().__init__(*args, **options)

    def setup_schedule(self) -> None:
        """Do nothing: the first tick sets up.

        Beat can only be stopped properly once it has its scheduler, so creating it must not wait.
        """

    def tick(self, *args: Any, **options: Any) -> float:
        """Run what is due. While the schedules cannot be read, nothing is.

        Returns the seconds until the next tick.
        """
        try:
            self._reconnect()
            if not self._is_set_up:
                super().setup_schedule()
                self._is_set_up = True
            seconds: float = super().tick(*args, **options)
            self._write_heartbeat()
        except Error as error:
            self._wait(error)
            return RETRY_SECONDS
        self._resume()
        return seconds

    def sync(self) -> None:
        """Write when each task ran last, unless the database is away: the next sync writes it."""
        if not self._is_database_away:
            super().sync()

    def close(self) -> None:
        super().close()
        with suppress(Error):
            self._program.delete_heartbeat()

    def _write_heartbeat(self) -> None:
        """Write, after a tick has succeeded, that beat lives."""
        if time.monotonic() >= self._write_heartbeat_at:
            self._write_heartbeat_at = time.monotonic() + WRITE_SECONDS
            self._program.write_heartbeat()

    def _reconnect(self) -> None:
        close_old_connections()
        with connection.cursor():
            self._is_database_away = False

    def _wait(self, error: Error) -> None:
        self._is_database_away = True
        # Read everything again, and rebuild the order of what is due: the error may have left half.
        self._initial_read, self._heap = True, None
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
            log.warning(
                "beat_waits_for_database",
                error=type(error).__name__,
                reason=str(error).partition("\n")[0],
            )

    def _resume(self) -> None:
        if self._waiting_since is not None:
            log.warning(
                "beat_resumes", waited_seconds=round(time.monotonic() - self._waiting_since, 1)
            )
            self._waiting_since = None
