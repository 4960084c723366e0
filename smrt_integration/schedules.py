"""What beat runs. It only ticks: tasks find what is due in the database, in each business's time.

django-celery-beat would not catch up on a daily schedule missed by over two hours, and it knows
daylight saving only by the offsets of one date. Short intervals have neither problem.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

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


def sync() -> int:
    """Create the schedules that are missing, by name. Returns how many.

    Those that exist stay as an operator may have edited them.
    """
    return sum(_create(schedule) for schedule in SCHEDULES)


def _create(schedule: Schedule) -> bool:
    """Create the schedule. Returns False if it exists."""
    if PeriodicTask.objects.filter(name=schedule.name).exists():
        return False
    every, period = schedule.every, schedule.period
    # Not get_or_create: an operator may have added the same interval twice.
    interval = IntervalSchedule.objects.filter(every=every, period=period).first()
    interval = interval or IntervalSchedule.objects.create(every=every, period=period)
    PeriodicTask.objects.create(
        name=schedule.name,
        task=schedule.task,
        interval=interval,
        kwargs=json.dumps(schedule.arguments),
        # One that no worker took before the next is due is worth nothing.
        expire_seconds=max(schedule.seconds, 5),
        # Without a start, the first run of an hourly schedule would be an hour away.
        start_time=timezone.now(),
    )
    return True
