"""The Celery application: `celery -A smrt_integration worker`, `celery -A smrt_integration beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")

app = Celery("smrt_integration")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["smrt_integration"])
