"""The Celery application: `celery -A smrt_integration worker`, `celery -A smrt_integration beat`."""

import gc
import os
from typing import Any, Self

from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import task_prerun, worker_process_init
from kombu import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")

# Events shall leave within seconds of the broker's return, however long it was gone.
LOOK_FOR_BROKER_SECONDS = 1.0


class Broker(Connection):
    """Looks for the broker at a steady pace; the pauses of a worker and a beat would otherwise grow to half a minute."""

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        pace = {
            "interval_start": LOOK_FOR_BROKER_SECONDS,
            "interval_step": 0.0,
            "interval_max": LOOK_FOR_BROKER_SECONDS,
        }
        return super().ensure_connection(*args, **(pace | options))


class Amqp(AMQP):
    Connection = Broker


app = Celery("smrt_integration", amqp=Amqp)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["smrt_integration"])


@task_prerun.connect
def with_a_live_connection(**kwargs: Any) -> None:
    """A connection that PostgreSQL closed, by a restart say, is replaced before the task and does not fail it."""
    from django.db import close_old_connections

    close_old_connections()


@worker_process_init.connect
def without_a_look_at_what_stays(**kwargs: Any) -> None:
    """What is loaded by now stays for good. To walk through all of it at each full collection cost a tenth of the CPU of a delivery."""
    gc.collect()
    gc.freeze()
