"""What support reads when something looks wrong: every request to Segment, and every lane."""

from django.contrib import admin

from customers.admin_base import ReadOnlyAdmin
from events.models import DeliveryAttempt, Lane


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "business", "status", "milliseconds", "messages", "bytes", "error")
    list_filter = ("status", "business")


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = (
        "business",
        "last_accepted_at",
        "resume_at",
        "failures",
        "stopped",
        "last_error",
    )
    ordering = ("business",)
