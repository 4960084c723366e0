"""Beat's scheduler: it waits for a database that is away, when beat starts and at any moment after.

Schedules are in the database. The scheduler of django-celery-beat looks over an error while it asks whether they were edited, but one while
it reads them ends beat: at its start, after each edit and every five minutes.
"""

import time
from typing import Any

import structlog
from django.db import Error, close_old_connections, connection
from django_celery_beat.schedulers import DatabaseScheduler

log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS = 1.0


class PatientScheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    _set_up = False
    _away = False
    _waiting_since: float | None = None

    def setup_schedule(self) -> None:
        """Left to the first tick: beat cannot be stopped in good order before it has its scheduler, so making one must not wait."""

    def tick(self, *args: Any, **options: Any) -> float:
        """While the schedules cannot be read, nothing is due."""
        try:
            self._find_database()
            if not self._set_up:
                super().setup_schedule()
                self._set_up = True
            seconds: float = super().tick(*args, **options)
        except Error as error:
            self._wait(error)
            return LOOK_AGAIN_SECONDS
        self._go_on()
        return seconds

    def sync(self) -> None:
        """When each task ran last is written once the database is back, and not as beat ends without it."""
        if not self._away:
            super().sync()

    def _find_database(self) -> None:
        close_old_connections()
        with connection.cursor():
            self._away = False

    def _wait(self, error: Error) -> None:
        self._away = True
        # whatever was being read is read anew, and the order of what is due made from it
        self._initial_read, self._heap = True, None
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
            log.warning(
                "beat_waits_for_database",
                error=type(error).__name__,
                reason=str(error).partition("\n")[0],
            )

    def _go_on(self) -> None:
        if self._waiting_since is not None:
            log.warning(
                "beat_goes_on", waited_seconds=round(time.monotonic() - self._waiting_since, 1)
            )
            self._waiting_since = None
