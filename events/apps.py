from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def make_partitions(**kwargs: Any) -> None:
    from django.utils import timezone

    from events.send_log import partitions

    partitions.make_ahead(timezone.now())


def grant_roles(sender: AppConfig, **kwargs: Any) -> None:
    from customers import roles

    shown = ("integration", "lane", "outgoing", "sendlog", "deliveryattempt")
    roles.grant_permissions(sender, shown, {"integration": ("add", "change")}, also=("send_again",))


class EventsConfig(AppConfig):
    name = "events"

    def ready(self) -> None:
        from events import receivers

        receivers.connect()
        post_migrate.connect(make_partitions, sender=self)
        post_migrate.connect(grant_roles, sender=self)
