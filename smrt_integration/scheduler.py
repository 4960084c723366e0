"""Beat's scheduler, which goes on whatever was away or wrong for a while.

The database may be away at beat's start and at any time. The schedules are in the database. The
scheduler of django-celery-beat survives a database error while it checks whether they were edited.
An error while it reads them ends beat, and it reads them at its start and after each edit.

The broker may be away, or may have closed beat's connection. What cannot be published stays due.

A clock may have been wrong: beat's, or that of whoever wrote a schedule. A run that lies ahead
would keep the schedule from running until then. The schedules are read again twice a minute, and
such times are corrected then.
"""

import heapq
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Final, cast

import structlog
from celery.beat import SchedulingError, event_t
from django.core.exceptions import ObjectDoesNotExist
from django.db import Error, close_old_connections, connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry
from kombu import Connection
from kombu.exceptions import OperationalError

from customers.outages import Outage
from events import stale_tasks
from smrt_integration import schedules
from smrt_integration.health.heartbeats import WRITE_SECONDS, this_process

log = structlog.get_logger(__name__)

RETRY_SECONDS: Final = 1.0
REREAD_SECONDS: Final = 30.0
"""A schedule that a wrong clock would keep from running is noticed within a minute."""
HEAP_PRIORITY: Final = 5
"""That of all schedules in Celery's order of what is due."""


class NotPublishedError(Exception):
    """The broker did not take the task of this entry."""

    def __init__(self, entry: ModelEntry, cause: BaseException | None) -> None:
        super().__init__(entry.name)
        self.entry, self.cause = entry, cause


class QueueFullError(Exception):
    """Many tasks wait in the broker. Those will find the same work."""


class ReconnectingScheduler(DatabaseScheduler):  # type: ignore[misc]  # the library has no types
    _is_set_up = False
    _is_database_away = False
    _waiting_since: float | None = None
    _write_heartbeat_at = 0.0
    _is_using_connection = _is_interrupted = False
    _read_at = 0.0
    _heap: list[event_t] | None

    def __init__(self, *args: Any, **options: Any) -> None:
        self._program = this_process("beat")
        self._broker = Outage("broker", used_for="schedules")
        self._workers = Outage("workers", used_for="schedules")
        self._unpublishable: dict[str, Outage] = {}
        self._known: dict[str, AbstractSet[str]] = {}
        super().__init__(*args, **options)

    def setup_schedule(self) -> None:
        """Do nothing: the first tick sets up.

        Beat can only be stopped properly once it has its scheduler, so creating it must not wait.
        """

    def tick(self, *args: Any, **options: Any) -> float:
        """Run what is due. While the schedules cannot be read, nothing is.

        Returns the seconds until the next tick.
        """
        with self._using_the_connection():
            return self._tick(*args, **options)

    def _tick(self, *args: Any, **options: Any) -> float:
        try:
            self._reconnect()
            self._read_again_sometimes()
            if not self._is_set_up:
                super().setup_schedule()
                self._is_set_up = True
            seconds = self._publish_what_is_due(*args, **options)
            self._write_heartbeat()
        except Error as error:
            self._wait(error)
            return RETRY_SECONDS
        self._resume()
        return seconds

    def _publish_what_is_due(self, *args: Any, **options: Any) -> float:
        try:
            seconds: float = super().tick(*args, **options)
        except NotPublishedError as failure:
            self._keep_due(failure)
            return RETRY_SECONDS
        return seconds

    def sync(self) -> None:
        """Write when each task ran last. What cannot be written now is written by the next sync.

        The library's would log a traceback each time. Raises django.db.Error.
        """
        while self._dirty and not self._is_database_away:
            name = self._dirty.pop()
            try:
                self._schedule[name].save()
            except (KeyError, ObjectDoesNotExist):
                continue  # deleted meanwhile
            except Error:
                self._dirty.add(name)
                raise

    def _do_sync(self) -> None:
        """Sync between ticks, where an error would end beat."""
        try:
            with self._using_the_connection():
                super()._do_sync()
        except Error as error:
            self._wait(error)

    @contextmanager
    def _using_the_connection(self) -> Iterator[None]:
        self._is_using_connection = True
        try:
            yield
        finally:
            self._is_using_connection = False

    def close(self) -> None:
        """Write what is left to write, at the end.

        Celery's handler of SIGTERM calls it too, perhaps in the middle of a query: then it would
        wait for ever for the lock of the connection that it interrupts. The handler ends the tick,
        and beat calls this again.
        """
        if self._is_using_connection:
            self._is_interrupted = True
            return
        try:
            if self._is_interrupted:
                # The query that was interrupted leaves the connection unusable.
                connection.close()
            super().close()
            self._program.delete_heartbeat()
        except Error as error:
            self._wait(error)

    def _write_heartbeat(self) -> None:
        """Write, after a tick, that beat lives: also while it waits for the broker."""
        if time.monotonic() >= self._write_heartbeat_at:
            self._write_heartbeat_at = time.monotonic() + WRITE_SECONDS
            self._program.write_heartbeat()

    def _reconnect(self) -> None:
        close_old_connections()
        with connection.cursor():
            self._is_database_away = False

    def _wait(self, error: Error) -> None:
        self._is_database_away = True
        # The error may have left half of what was read.
        self._read_again()
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

    def _read_again_sometimes(self) -> None:
        """Read the schedules again when it is time, by a clock that nobody sets."""
        if time.monotonic() - self._read_at > REREAD_SECONDS:
            self._read_at = time.monotonic()
            self._read_again()

    def _read_again(self) -> None:
        """Let the library read everything again, and rebuild the order of what is due."""
        self._initial_read, self._heap = True, None

    def enabled_models(self) -> list[PeriodicTask]:
        """Read the schedules that are on. Create ours that are missing; correct wrong times."""
        if created := schedules.create_missing():
            log.warning("schedules_created", schedules=created)
        models: list[PeriodicTask] = super().enabled_models()
        if corrected := schedules.correct_times(models, timezone.now()):
            log.warning("schedules_corrected", schedules=corrected)
        return models

    def all_as_schedule(self) -> dict[str, ModelEntry]:
        """Read the entries. One that an edit made unusable stops no other and not beat."""
        entries: dict[str, ModelEntry] = {}
        unusable: set[str] = set()
        for model in self.enabled_models():
            try:
                entries[model.name] = self.Entry(model, app=self.app)
            except Exception:  # noqa: BLE001 - whatever somebody entered
                unusable.add(model.name)
        if self._is_news("unusable", unusable):
            log.warning("schedules_unusable", schedules=sorted(unusable))
        off = schedules.SCHEDULE_NAMES - entries.keys() - unusable
        if self._is_news("off", off):
            log.warning("schedules_off", schedules=sorted(off))
        return entries

    def _is_news(self, state: str, names: AbstractSet[str]) -> bool:
        """Return whether one of the names was not in this state when the schedules were last read.

        What an operator entered or switched off stays, but is visible in the log.
        """
        is_news = bool(names - self._known.get(state, set()))
        self._known[state] = names
        return is_news

    def _ensure_connected(self) -> Connection:
        """Return the connection as it is: publishing connects, and reconnects, within bounds.

        The library's waits here for as long as the broker is away.
        """
        broker: Connection = self.connection
        return broker

    def apply_entry(self, entry: ModelEntry, producer: Any = None) -> None:
        """Publish the task of an entry. Raises NotPublishedError."""
        if self._is_full(entry, producer):
            raise NotPublishedError(entry, QueueFullError())
        self._workers.worked()
        self.logger.info("Scheduler: Sending due task %s (%s)", entry.name, entry.task)
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            raise NotPublishedError(entry, error.__context__) from error
        self._broker.worked()
        if entry.name in self._unpublishable:
            self._unpublishable.pop(entry.name).worked()

    def _is_full(self, entry: ModelEntry, producer: Any) -> bool:
        """Return whether so many tasks wait that no worker can be running."""
        queues = self.app.amqp.queues
        queue = queues[entry.options.get("queue") or self.app.conf.task_default_queue]
        try:
            return not stale_tasks.has_room(queue, producer.channel)
        except Exception:  # noqa: BLE001 - publishing meets the same error, and reconnects
            return False

    def _keep_due(self, failure: NotPublishedError) -> None:
        """Undo that this entry counts as run, so that it is tried again. Others go on."""
        entry = failure.entry
        entry.model.last_run_at = entry.last_run_at
        entry.model.total_run_count = entry.total_run_count
        at = self._when(entry, RETRY_SECONDS)
        # The entry was in it just now.
        heap = cast("list[event_t]", self._heap)
        heapq.heappush(heap, event_t(at, HEAP_PRIORITY, entry))
        self._outage_of(failure).failed(failure.cause or failure)

    def _outage_of(self, failure: NotPublishedError) -> Outage:
        """Return the broker's outage, or that of one schedule that the broker does not take."""
        if isinstance(failure.cause, QueueFullError):
            return self._workers
        if isinstance(failure.cause, OperationalError) or not self.connection.connected:
            return self._broker
        name: str = failure.entry.name
        return self._unpublishable.setdefault(name, Outage("broker", used_for=f"schedule {name}"))
