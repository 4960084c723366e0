"""What beat runs. It only ticks: tasks find what is due in the database, in each business's time.

django-celery-beat would not catch up on a daily schedule missed by over two hours, and it knows
daylight saving only by the offsets of one date. Short intervals have neither problem.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from events import wake

SECONDS, MINUTES = IntervalSchedule.SECONDS, IntervalSchedule.MINUTES


@dataclass(frozen=True, slots=True)
class Schedule:
    """A task to run every `every` seconds or minutes, as `period` says."""

    name: str
    task: str
    every: int
    period: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        return self.every * (60 if self.period == MINUTES else 1)


SCHEDULES = (
    # A wake-up may be lost; the events are then sent by this.
    Schedule("Deliver what waits", wake.DELIVER_TASK, 5, SECONDS),
    # Commits do not follow ids: see the floor in delivery.claim.
    Schedule(
        "Deliver what a long transaction left behind",
        wake.DELIVER_TASK,
        60,
        SECONDS,
        {"from_zero": True},
    ),
    Schedule(
        "Fan out changed names to customers",
        "smrt_integration.tasks.fan_out_trait_changes",
        5,
        SECONDS,
    ),
    Schedule("Run jobs that owners asked for", wake.RUN_JOBS_TASK, 5, SECONDS),
    Schedule("Write exports that users asked for", wake.WRITE_EXPORTS_TASK, 5, SECONDS),
    Schedule("Import customers", wake.IMPORT_CUSTOMERS_TASK, 5, SECONDS),
    Schedule("Delete old imports", "smrt_integration.tasks.delete_old_imports", 60, MINUTES),
    Schedule("Delete old exports", "smrt_integration.tasks.delete_old_exports", 60, MINUTES),
    Schedule("Find lost customers", "smrt_integration.tasks.sweep_lost", 5, MINUTES),
    Schedule("Find birthdays", "smrt_integration.tasks.sweep_birthdays", 1, MINUTES),
    Schedule("Recompute spending", "smrt_integration.tasks.sweep_spending", 10, MINUTES),
    Schedule("Alert owners", "smrt_integration.tasks.alert_owners", 1, MINUTES),
    Schedule("Send the nightly texts", "smrt_integration.tasks.send_texts", 1, MINUTES),
    Schedule("Expire what waited too long", "smrt_integration.tasks.expire_waiting", 60, MINUTES),
    Schedule(
        "Delete old idempotency keys",
        "smrt_integration.tasks.delete_old_idempotency_keys",
        60,
        MINUTES,
    ),
    Schedule(
        "Create and drop monthly partitions", "smrt_integration.tasks.keep_partitions", 60, MINUTES
    ),
)


SCHEDULE_NAMES: Final = frozenset(schedule.name for schedule in SCHEDULES)

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""The start of our schedules. Without one, the first run of an hourly schedule would be an hour
away. The time of day would be as wrong as the clock of whoever creates the schedule."""
CLOCKS_DIFFER_SECONDS: Final = 5
"""Clocks of machines that are set by the same servers differ by less. A schedule whose last run
lies ahead by this much runs this much later once."""


def create_missing() -> list[str]:
    """Create the schedules that are missing, by name. Returns their names.

    Those that exist stay as an operator may have edited them, but without the expiry of 0.1.0.
    """
    _remove_expiry()
    names = PeriodicTask.objects.filter(name__in=SCHEDULE_NAMES).values_list("name", flat=True)
    existing = set(names)
    return [
        schedule.name
        for schedule in SCHEDULES
        if schedule.name not in existing and _create(schedule)
    ]


def _remove_expiry() -> None:
    """Remove the expiry that version 0.1.0 gave to our schedules. An operator's own stays.

    A worker whose clock is ahead of beat's discards what expires.
    """
    ours = reduce(
        or_,
        (Q(name=it.name, expire_seconds=max(it.seconds, 5)) for it in SCHEDULES),
    )
    if PeriodicTask.objects.filter(ours).update(expire_seconds=None):
        # Beat reads the schedules again.
        PeriodicTasks.update_changed()


def _create(schedule: Schedule) -> bool:
    """Create the schedule. Returns False if another program did meanwhile."""
    every, period = schedule.every, schedule.period
    # Not get_or_create: an operator may have added the same interval twice.
    interval = IntervalSchedule.objects.filter(every=every, period=period).first()
    interval = interval or IntervalSchedule.objects.create(every=every, period=period)
    try:
        with transaction.atomic():
            PeriodicTask.objects.create(
                name=schedule.name,
                task=schedule.task,
                interval=interval,
                kwargs=json.dumps(schedule.arguments),
                start_time=LONG_AGO,
            )
    except (IntegrityError, ValidationError):
        return False
    return True


def switched_off() -> list[str]:
    """Return the names of our schedules that an operator switched off."""
    off = PeriodicTask.objects.filter(name__in=SCHEDULE_NAMES, enabled=False)
    return sorted(off.values_list("name", flat=True))


def correct_times(models: Iterable[PeriodicTask], now: datetime) -> list[str]:
    """Correct what a wrong clock wrote: a last run that lies ahead, or the start of one of ours.

    Returns the names of the schedules that were corrected; their intervals are due now.
    """
    limit = now + timedelta(seconds=CLOCKS_DIFFER_SECONDS)
    return [model.name for model in models if _correct(model, now, limit)]


def _correct(model: PeriodicTask, now: datetime, limit: datetime) -> bool:
    times: dict[str, datetime] = {}
    # A schedule that never ran counts as run when it was last edited.
    if (model.last_run_at or model.date_changed) > limit:
        times["last_run_at"] = now - _interval(model)
    # An operator who wants one of ours not to run switches it off. Others' starts are left alone.
    if model.name in SCHEDULE_NAMES and model.start_time and model.start_time > limit:
        times["start_time"] = LONG_AGO
    for name, value in times.items():
        setattr(model, name, value)
    if times:
        # Not `save`, which would tell every beat to read all schedules again.
        PeriodicTask.objects.filter(pk=model.pk).update(**times)
    return bool(times)


def _interval(model: PeriodicTask) -> timedelta:
    """Return how long a run may be ago. One at a time of day waits for its next."""
    if model.interval is None:
        return timedelta()
    interval: timedelta = model.interval.schedule.run_every
    return interval
