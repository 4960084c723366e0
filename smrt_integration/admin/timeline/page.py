"""The customer's page in the admin, with the way to their story, and the story's page. Looking at it writes nothing."""

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
from customers.models import Customer
from events.timeline.assemble import CustomerTimeline, customer_timeline
from events.timeline.reasons import on
from events.timeline.sentences import STATE_LABELS
from smrt_integration.admin.timeline.days import ICONS, address_of, days, position_of, read_position
from smrt_integration.admin.timeline.traits import known_traits


class CustomerWithTimeline(CustomerAdmin):
    change_form_outer_before_template = "smrt/timeline/link.html"

    class Media:
        css = {"all": ["smrt/timeline.css"]}

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return (*super().get_list_display(request), "segment")

    @admin.display(description="Segment")
    def segment(self, customer: Customer) -> SafeString:
        address = reverse("admin:customers_customer_story", args=[customer.pk])
        return format_html(
            '<a href="{}" class="story-way" aria-label="What Segment knows of {}">Story</a>',
            address,
            customer,
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.story_view)
        return [
            path("<int:customer_id>/story/", view, name="customers_customer_story"),
            *super().get_urls(),
        ]

    def story_view(self, request: HttpRequest, customer_id: int) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        customer = (
            self.get_queryset(request).select_related("business").filter(pk=customer_id).first()
            if customer_id < 2**63
            else None
        )
        if customer is None or not self.has_view_permission(request, customer):
            gone: HttpResponseBase = self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]
                request, self.opts, str(customer_id)
            )
            return gone
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "has_view_permission": True,
        }
        return TemplateResponse(
            request,
            "smrt/timeline/page.html",
            context | _context(customer, request.GET.get("before", "")),
        )


def _context(customer: Customer, position: str) -> dict[str, Any]:
    now, before = timezone.now(), read_position(position)
    told = customer_timeline(customer, before, now)
    zone = told.standing.time_zone
    return {
        "title": f"What Segment knows of {customer}",
        "subtitle": customer.business.name,
        "customer": customer,
        "zone": zone,
        "first": before is None,
        "days": days(told.lines, zone, now),
        "stands": [
            (stand, STATE_LABELS[stand.state], ICONS[stand.state], address_of(stand.entry))
            for stand in told.stands
        ],
        "older": f"?{urlencode({'before': position_of(told.following)})}" if told.following else "",
        **({} if before else _details(customer, told, now)),
    }


def _details(customer: Customer, told: CustomerTimeline, now: datetime) -> dict[str, Any]:
    found = known_traits(customer, told.integration, told.identify, told.standing.time_zone)
    return {
        "details": found,
        "accepted": on(found.at, told.standing.time_zone, now) if found.at else "",
    }


# In the place of the plain one, which importing it has registered.
admin.site.unregister(Customer)
admin.site.register(Customer, CustomerWithTimeline)
