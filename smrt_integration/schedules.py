"""What beat runs. It only ticks: what is due is found in the database, in each business's own time.

django-celery-beat would not make up for a daily schedule missed by over two hours and takes daylight saving by the offsets of one
date; short intervals have neither problem.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from events import wake

SECONDS, MINUTES = IntervalSchedule.SECONDS, IntervalSchedule.MINUTES


@dataclass(frozen=True, slots=True)
class Tick:
    name: str
    task: str
    every: int
    period: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> int:
        return self.every * (60 if self.period == MINUTES else 1)


TICKS = (
    # A wake-up may be lost; then events leave with this tick.
    Tick("Deliver what waits", wake.DELIVER_TASK, 5, SECONDS),
    # Commits do not follow ids: see the floor in delivery.claim.
    Tick(
        "Deliver what a long transaction left behind",
        wake.DELIVER_TASK,
        60,
        SECONDS,
        {"from_zero": True},
    ),
    Tick(
        "Spread changed names to customers",
        "smrt_integration.tasks.fan_out_trait_changes",
        5,
        SECONDS,
    ),
    Tick("Work at what owners asked for", wake.RUN_JOBS_TASK, 5, SECONDS),
    Tick("Find lost customers", "smrt_integration.tasks.sweep_lost", 5, MINUTES),
    Tick("Find birthdays", "smrt_integration.tasks.sweep_birthdays", 1, MINUTES),
    Tick("Recompute spending", "smrt_integration.tasks.sweep_spending", 10, MINUTES),
    Tick("Alert owners", "smrt_integration.tasks.alert_owners", 1, MINUTES),
    Tick("Send the nightly texts", "smrt_integration.tasks.send_texts", 1, MINUTES),
    Tick("Expire what waited too long", "smrt_integration.tasks.expire_waiting", 60, MINUTES),
    Tick(
        "Forget answers to repeated calls",
        "smrt_integration.tasks.delete_old_idempotency_keys",
        60,
        MINUTES,
    ),
    Tick("Make and drop monthly partitions", "smrt_integration.tasks.keep_partitions", 60, MINUTES),
)


def sync() -> int:
    """Create the schedules that are missing, by name; those that exist keep whatever an operator made of them. Answers how many."""
    return sum(_create(tick) for tick in TICKS)


def _create(tick: Tick) -> bool:
    if PeriodicTask.objects.filter(name=tick.name).exists():
        return False
    interval = IntervalSchedule.objects.filter(every=tick.every, period=tick.period).first()
    interval = interval or IntervalSchedule.objects.create(every=tick.every, period=tick.period)
    PeriodicTask.objects.create(
        name=tick.name,
        task=tick.task,
        interval=interval,
        kwargs=json.dumps(tick.arguments),
        # A tick that no worker took before the next one is worth nothing.
        expire_seconds=max(tick.seconds, 5),
        # Without it, the first of the hourly ticks would be an hour away.
        start_time=timezone.now(),
    )
    return True
