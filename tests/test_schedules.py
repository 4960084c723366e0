"""What beat ticks: made once, kept as an operator edited it, and not first an interval late."""

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from django_celery_beat.schedulers import ModelEntry

from smrt_integration import schedules
from smrt_integration.celery import app

pytestmark = pytest.mark.django_db


def test_the_migrations_made_every_schedule_and_nothing_is_missing() -> None:
    assert set(PeriodicTask.objects.values_list("name", flat=True)) == {tick.name for tick in schedules.TICKS}
    assert schedules.sync() == 0


def test_an_operators_edits_are_kept_and_only_what_is_missing_is_made() -> None:
    hourly = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.HOURS)
    PeriodicTask.objects.filter(name="Find birthdays").update(enabled=False, interval=hourly)
    PeriodicTask.objects.filter(name="Find lost customers").delete()
    assert schedules.sync() == 1
    assert PeriodicTask.objects.values_list("enabled", "interval__period").get(name="Find birthdays") == (False, "hours")
    assert PeriodicTask.objects.values_list("interval__every", "interval__period").get(name="Find lost customers") == (5, "minutes")


@pytest.mark.parametrize("name", [tick.name for tick in schedules.TICKS])
def test_each_is_due_as_soon_as_beat_sees_it_first(name: str) -> None:
    assert ModelEntry(PeriodicTask.objects.get(name=name), app=app).is_due().is_due


@pytest.mark.parametrize("tick", schedules.TICKS)
def test_each_names_a_task_that_exists(tick: schedules.Tick) -> None:
    app.loader.import_default_modules()
    assert tick.task in app.tasks
