"""What beat runs: tasks that take their arguments, and an operator's edits kept through deploys."""

import inspect
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from customers.budget import Budget
from events import wake
from smrt_integration import schedules
from smrt_integration.celery import app
from smrt_integration.chores import Chore

pytestmark = pytest.mark.django_db


def ours() -> dict[str, PeriodicTask]:
    names = [tick.name for tick in schedules.SCHEDULES]
    return {
        task.name: task
        for task in PeriodicTask.objects.filter(name__in=names).select_related("interval")
    }


def migrate_again() -> None:
    """As every deploy does."""
    call_command("migrate", verbosity=0)


def test_waiting_messages_are_claimed_every_five_seconds_and_from_zero_every_minute() -> None:
    ticks = [
        (task.interval.every, task.interval.period, json.loads(task.kwargs))
        for task in ours().values()
        if task.task == wake.DELIVER_TASK
    ]

    assert ticks == [(5, "seconds", {}), (60, "seconds", {"from_zero": True})]


@pytest.mark.parametrize("tick", schedules.SCHEDULES, ids=lambda tick: tick.name)
def test_each_schedule_has_a_task_that_takes_its_arguments(tick: schedules.Schedule) -> None:
    app.loader.import_default_modules()

    task = app.tasks[tick.task]
    budget = [Budget()] if isinstance(task, Chore) else []
    inspect.signature(task.run).bind(*budget, **tick.arguments)


@pytest.mark.parametrize("tick", schedules.SCHEDULES, ids=lambda tick: tick.name)
def test_each_schedule_is_due_as_soon_as_beat_sees_it(tick: schedules.Schedule) -> None:
    assert ModelEntry(ours()[tick.name], app=app).is_due().is_due


def test_an_operators_edits_are_kept_through_deploys() -> None:
    sweep = ours()["Find lost customers"]
    sweep.interval = IntervalSchedule.objects.create(every=2, period="hours")
    sweep.enabled, sweep.queue = False, "sweeps"
    sweep.save()

    migrate_again()

    sweep = ours()["Find lost customers"]
    assert (sweep.interval.every, sweep.interval.period, sweep.enabled, sweep.queue) == (
        2,
        "hours",
        False,
        "sweeps",
    )


def test_a_deleted_schedule_is_created_again_and_the_command_says_so() -> None:
    PeriodicTask.objects.filter(name="Find birthdays").delete()
    said = StringIO()

    call_command("sync_schedules", stdout=said)

    assert said.getvalue() == "1 schedules created.\n"
    assert ours()["Find birthdays"].task == "smrt_integration.tasks.sweep_birthdays"


def test_a_deploy_removes_the_expiry_that_version_0_1_0_set_and_keeps_an_operators() -> None:
    PeriodicTask.objects.filter(name="Deliver what waits").update(expire_seconds=5)
    PeriodicTask.objects.filter(name="Find birthdays").update(expire_seconds=60)
    PeriodicTask.objects.filter(name="Alert owners").update(expire_seconds=3_600)

    migrate_again()

    expiries = {task.name: task.expire_seconds for task in ours().values() if task.expire_seconds}
    assert expiries == {"Alert owners": 3_600}
