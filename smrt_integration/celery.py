"""The Celery application, for `celery -A smrt_integration worker` and `... beat`."""

import gc
import os
from contextlib import suppress
from typing import Any, Final

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import (
    beat_init,
    before_task_publish,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
)

from smrt_integration.broker import SteadyConnection
from smrt_integration.health import worker

COLLECT_AFTER: Final = (20_000, 20, 50)
"""Thresholds of the garbage collector in a worker's processes."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")


class Amqp(AMQP):
    Connection = SteadyConnection


app = Celery("smrt_integration", amqp=Amqp, task_cls="smrt_integration.due_task:DueTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["smrt_integration"])
app.steps["consumer"].add(worker.MarkMainLoop)


@worker_init.connect
@beat_init.connect
def use_timeouts(**kwargs: Any) -> None:
    """Keep the database from holding up a worker, its children or beat for good."""
    from smrt_integration import timeouts

    timeouts.use_in_process(timeouts.WORKER)


@before_task_publish.connect
def number_task(headers: dict[str, Any], **kwargs: Any) -> None:
    """Give the task the number by which a worker sees whether it is stale."""
    from django.db import Error

    from events import stale_tasks

    if stale_tasks.NUMBER_HEADER in headers:
        return
    # Without the database, it goes without a number: then it is never stale.
    with suppress(Error):
        headers[stale_tasks.NUMBER_HEADER] = stale_tasks.next_number()


@task_prerun.connect
def close_dead_connections(**kwargs: Any) -> None:
    """Replace a connection that PostgreSQL closed, so that its restart fails no task."""
    from django.db import close_old_connections

    close_old_connections()


@worker_process_init.connect
def wake_without_a_thread(**kwargs: Any) -> None:
    """Wake other workers at once: a worker's process ends without waiting for its threads."""
    from events.wake import wake_thread

    wake_thread.is_synchronous = True


@worker_process_init.connect
def freeze_loaded_objects(**kwargs: Any) -> None:
    """Keep the garbage collector from walking through what is loaded by now and stays for good.

    Each full collection would: a tenth of the CPU of a delivery. And it runs less often: a round
    has tens of thousands of objects, none of which is garbage before it ends. With Python's own
    thresholds, looking for some took a quarter of the CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@worker_process_shutdown.connect
def complete_texts(**kwargs: Any) -> None:
    """Record the texts that are being sent, which nobody could tell from unsent ones otherwise."""
    from customers.texts import in_flight

    in_flight.wait_for_requests()
