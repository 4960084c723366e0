from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def sync_schedules(**kwargs: Any) -> None:
    from smrt_integration import schedules

    schedules.sync()


def grant_roles(sender: AppConfig, **kwargs: Any) -> None:
    from customers import roles

    # a key is revoked and never deleted: what it was for stays on record
    roles.grant_permissions(
        apps.get_app_config("smrt_integration"), ("apikey",), {"apikey": ("add", "change")}
    )


class SmrtIntegrationConfig(AppConfig):
    name = "smrt_integration"
    verbose_name = "SMRT integration"

    def ready(self) -> None:
        # Makes the application Celery's current one, so that `events.wake` can publish without importing this package.
        from smrt_integration.celery import app

        app.set_default()
        post_migrate.connect(sync_schedules, sender=apps.get_app_config("django_celery_beat"))
        # This application comes first, and its permissions are made after its own turn.
        post_migrate.connect(grant_roles, sender=apps.get_app_config("auth"))
