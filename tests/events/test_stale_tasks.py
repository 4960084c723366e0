"""Tasks that pile up in the broker neither grow without a bound nor run for nothing."""

import pytest
import redis
from django.conf import LazySettings

from events import stale_tasks, wake
from events.stale_tasks import begin_run, next_number

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_run_does_the_work_of_all_tasks_that_were_published_before() -> None:
    earlier, later = next_number(), next_number()

    assert begin_run("deliver", {}, earlier)
    assert not begin_run("deliver", {}, later)
    assert begin_run("deliver", {"from_zero": True}, later)
    assert begin_run("deliver", {}, None)
    assert begin_run("deliver", {}, next_number())


def test_no_more_wake_ups_are_published_while_many_wait(settings: LazySettings) -> None:
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    for _ in range(stale_tasks.MAX_WAITING_TASKS):
        assert wake._publish(wake.DELIVER_TASK)
    assert not wake._publish(wake.DELIVER_TASK)

    broker.lpop("celery")

    assert wake._publish(wake.DELIVER_TASK)
    assert broker.llen("celery") == stale_tasks.MAX_WAITING_TASKS
