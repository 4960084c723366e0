"""The list of running programs, for support: who lives, and whose clock is wrong."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.http import HttpRequest

from customers.admin_base import SupportAdmin
from events.time_in_words import duration
from smrt_integration.health.models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatAdmin(SupportAdmin):
    list_display = ("program_on_host", "seen", "clock", "started_at", "pid")
    list_display_links = None
    ordering = ("program", "-seen_at")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Heartbeat]:
        # By the database's clock, as the rows are. This web server's may differ.
        not_seen_for = ExpressionWrapper(Now() - F("seen_at"), output_field=DurationField())
        rows: models.QuerySet[Heartbeat] = super().get_queryset(request)
        return rows.annotate(not_seen_for=not_seen_for)

    @admin.display(description="program", ordering="program")
    def program_on_host(self, heartbeat: Heartbeat) -> str:
        return str(heartbeat)

    @admin.display(description="last seen", ordering="seen_at")
    def seen(self, heartbeat: Any) -> str:
        return f"Seen {duration(heartbeat.not_seen_for)} ago"

    @admin.display(description="clock", ordering="clock_difference")
    def clock(self, heartbeat: Heartbeat) -> str:
        return clock_sentence(heartbeat.clock_difference)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def clock_sentence(difference: float) -> str:
    """Return how a program's clock differs from the database's, by whole seconds."""
    if abs(difference) < 1:
        return "Right"
    direction = "ahead of" if difference > 0 else "behind"
    return f"{duration(timedelta(seconds=abs(difference)))} {direction} the database's"
