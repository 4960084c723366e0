from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def make_partitions(**kwargs: Any) -> None:
    from django.utils import timezone

    from events.outbox import partitions

    partitions.make_ahead(timezone.now())


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import receivers

        receivers.connect()
        post_migrate.connect(make_partitions, sender=self)
