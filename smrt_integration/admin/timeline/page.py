"""The timeline's page, and its links on the pages of customers. Opening it writes nothing."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from customers.admin import CustomerAdmin
from customers.clock_in_use import use_clock
from customers.models import Customer
from events.timeline.assemble import CustomerTimeline, customer_timeline
from events.timeline.sentences import STATE_LABELS
from smrt_integration.admin.timeline.days import (
    STATE_ICONS,
    days,
    format_position,
    message_url,
    parse_position,
)
from smrt_integration.admin.timeline.traits import known_traits


class CustomerWithTimeline(CustomerAdmin):
    change_form_outer_before_template = "smrt/timeline/link.html"

    class Media:
        css = {"all": ["smrt/timeline.css"]}

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return (*super().get_list_display(request), "timeline")

    @admin.display(description="Segment")
    def timeline(self, customer: Customer) -> SafeString:
        address = reverse("admin:customers_customer_timeline", args=[customer.pk])
        return format_html(
            '<a href="{}" class="timeline-open" aria-label="Timeline of {}">Timeline</a>',
            address,
            customer,
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.timeline_view)
        return [
            path("<int:customer_id>/timeline/", view, name="customers_customer_timeline"),
            *super().get_urls(),
        ]

    def timeline_view(self, request: HttpRequest, customer_id: int) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        customer = (
            self.get_queryset(request).select_related("business").filter(pk=customer_id).first()
            if customer_id < 2**63
            else None
        )
        if customer is None or not self.has_view_permission(request, customer):
            return self.not_found(request, customer_id)
        use_clock(customer.business.clock)
        context = _context(customer, request.GET.get("before", ""))
        return TemplateResponse(
            request, "smrt/timeline/page.html", self.page_context(request) | context
        )


def _context(customer: Customer, position: str) -> dict[str, Any]:
    now, before = timezone.now(), parse_position(position)
    timeline = customer_timeline(customer, before, now)
    clock = timeline.lane_status.clock
    return {
        "title": f"Timeline of {customer}",
        "subtitle": customer.business.name,
        "customer": customer,
        "is_first_page": before is None,
        "days": days(timeline.entries, clock, now),
        "statuses": [
            (
                status,
                STATE_LABELS[status.state],
                STATE_ICONS[status.state],
                message_url(status.entry),
            )
            for status in timeline.statuses
        ],
        "older": f"?{urlencode({'before': format_position(timeline.next_key)})}"
        if timeline.next_key
        else "",
        **({} if before else _details_context(customer, timeline, now)),
    }


def _details_context(
    customer: Customer, timeline: CustomerTimeline, now: datetime
) -> dict[str, Any]:
    clock = timeline.lane_status.clock
    details = known_traits(customer, timeline.integration, timeline.identify_waits, clock)
    return {
        "details": details,
        "accepted": clock.when(details.at, now) if details.at else "",
    }


# Replaces the admin of customers.admin, which the import above has registered.
admin.site.unregister(Customer)
admin.site.register(Customer, CustomerWithTimeline)
