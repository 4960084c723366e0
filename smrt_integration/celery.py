"""The Celery application: `celery -A smrt_integration worker`, `celery -A smrt_integration beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")

app = Celery("smrt_integration")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["smrt_integration"])


@task_prerun.connect
def with_a_live_connection(**kwargs: Any) -> None:
    """A connection that PostgreSQL closed, by a restart say, is replaced before the task and does not fail it."""
    from django.db import close_old_connections

    close_old_connections()
