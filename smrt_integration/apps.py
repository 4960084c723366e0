from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from customers.model_roles import ModelRoles, grant_roles_after_migrate


def sync_schedules(**kwargs: Any) -> None:
    from smrt_integration import schedules

    schedules.create_missing()


class SmrtIntegrationConfig(AppConfig):
    name = "smrt_integration"
    verbose_name = "SMRT"
    # A key is revoked and never deleted, so that its record stays.
    model_roles = ModelRoles(
        viewed=("apikey", "customerimport", "export"),
        support_only=("answered", "apicaller", "heartbeat", "importline"),
        changed_by_owners={
            "apikey": ("add", "change"),
            "customerimport": ("add", "change"),
        },
    )

    def ready(self) -> None:
        # Make ours Celery's current application, so that `events.wake` can publish without
        # importing this package. Importing the checks registers them.
        from smrt_integration import checks  # noqa: F401
        from smrt_integration.celery import app

        app.set_default()
        post_migrate.connect(sync_schedules, sender=apps.get_app_config("django_celery_beat"))
        # This app is migrated first; its permissions exist only once `auth` has been migrated.
        grant_roles_after_migrate(self, sender=apps.get_app_config("auth"))
