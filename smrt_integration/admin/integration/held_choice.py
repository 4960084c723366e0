"""The page that asks what to do with the events of customers whose details Segment refuses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from events.jobs import choose_held
from events.jobs.choose_held import CUSTOMERS_ASKED, HeldCustomer
from events.lanes.status import events
from events.models import Integration, Request
from smrt_integration.admin.messages.message_rows import CustomerLink, customer_links_by_id

KINDS: Final = {"send": Request.Kind.SEND_HELD, "discard": Request.Kind.DISCARD_HELD}
CHOOSE_CUSTOMERS: Final = "Choose at least one customer, and whether to send or discard."


class HeldRow(NamedTuple):
    """A customer as the page lists it."""

    id: int
    customer: CustomerLink
    counted: str
    since: str
    reason: str


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    now = timezone.now()
    asked = choose_held.customers_to_ask_about(integration.pk, now)
    kind, up_to = KINDS.get(request.POST.get("what", "")), _number(request.POST.get("up_to", ""))
    chosen = [one for one in asked if str(one.customer_id) in request.POST.getlist("customer")]
    if kind and chosen:
        _carry_out(request, integration, kind, chosen, up_to)
        return HttpResponseRedirect(context["back"])
    extra = {
        "title": "Events of refused customers",
        "subtitle": integration.business.name,
        "rows": _rows(asked, integration, now),
        "more": len(asked) == CUSTOMERS_ASKED,
        "up_to": max((one.newest_id for one in asked), default=0),
        "error": CHOOSE_CUSTOMERS if request.method == "POST" else "",
    }
    return TemplateResponse(request, "smrt/integration/held.html", context | extra)


def _number(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _rows(asked: Sequence[HeldCustomer], integration: Integration, now: datetime) -> list[HeldRow]:
    links = customer_links_by_id(integration.pk, [one.customer_id for one in asked])
    clock = integration.business.clock
    return [
        HeldRow(
            one.customer_id,
            links[one.customer_id],
            events(one.events),
            clock.recent(one.since, now),
            one.reason,
        )
        for one in asked
    ]


@transaction.atomic
def _carry_out(
    request: HttpRequest,
    integration: Integration,
    kind: str,
    chosen: Sequence[HeldCustomer],
    up_to: int,
) -> None:
    """Queue the choice. Events that were held after the page was shown are left alone."""
    choose_held.request_held_choice(
        integration.pk, kind, chosen, up_to, request.user, timezone.now()
    )
    counted = events(sum(one.events for one in chosen))
    is_sent = kind == Request.Kind.SEND_HELD
    messages.success(
        request,
        f"Sending {counted}."
        if is_sent
        else f"Discarding {counted}. They will be in the send log as “Not sent”.",
    )
    done = "Sent" if is_sent else "Discarded"
    sentence = f"{done} {counted} of customers whose details Segment refused."
    admin.site.get_model_admin(Integration).log_change(request, integration, sentence)
