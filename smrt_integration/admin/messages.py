"""What waits and what became of what was sent."""

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.admin_base import ReadOnlyAdmin
from events.models import DeliveryAttempt, Lane, Outgoing, SendLog


@admin.register(Outgoing)
class OutgoingAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "business", "event", "customer_id", "attempts", "last_error")
    list_filter = ("event", "business")


@admin.register(SendLog)
class SendLogAdmin(ReadOnlyAdmin):
    list_display = ("settled_at", "business", "event", "customer_id", "outcome", "reason", "attempts")
    list_filter = ("outcome", "event", "business")
    exclude = ("body",)
    readonly_fields = ("sent_message",)

    @admin.display(description="message")
    def sent_message(self, entry: SendLog) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(entry.message, indent=2, ensure_ascii=False))


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(ReadOnlyAdmin):
    list_display = ("at", "business", "status", "milliseconds", "messages", "bytes", "error")
    list_filter = ("status", "business")


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ("business", "last_accepted_at", "resume_at", "failures", "stopped", "last_error")
    ordering = ("business",)
