"""The app of events and delivery state, with the permissions of owners and helpers."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from customers.model_roles import ModelRoles, grant_roles_after_migrate


def create_partitions(**kwargs: Any) -> None:
    from django.utils import timezone

    from events.send_log import partitions

    partitions.create_ahead(timezone.now())


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = "Segment"
    model_roles = ModelRoles(
        viewed=("integration", "lane", "outgoing", "sendlog", "deliveryattempt"),
        support_only=(
            "acceptedtraits",
            "alert",
            "celebration",
            "dailycount",
            "dailydelay",
            "destinationuse",
            "heldtrack",
            "lapse",
            "pendingfifth",
            "refusedtraits",
            "request",
            "resent",
            "sweepdone",
            "switchchange",
            "taskrun",
            "traitchange",
            "unansweredidentify",
        ),
        changed_by_owners={"integration": ("add", "change")},
        extra_permissions=("send_again",),
    )

    def ready(self) -> None:
        from customers.models import custom_field
        from events import receivers
        from events.models.integration import is_birthday_field

        receivers.connect()
        custom_field.chosen_for_birthdays.append(is_birthday_field)
        post_migrate.connect(create_partitions, sender=self)
        grant_roles_after_migrate(self)
