"""The page that shows any event for any customer as it would be sent."""

from typing import Any, Final

from django import forms
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold import widgets

from customers import search
from customers.models import Customer
from events.catalogue import EVENTS, events_of
from events.identify import IDENTIFY
from events.models import Integration
from smrt_integration.delivery.preview import preview

FIRST_SHOWN: Final = events_of("customers.Order")[0].name
"""An event that most customers have."""
CUSTOMERS_LISTED: Final = 20
"""One screen; typing more of the name finds the others."""


def event_choices() -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for event in EVENTS:
        groups.setdefault(event.heading, []).append((event.name, event.name))
    return [("Customer details", [(IDENTIFY, "Customer details (identify)")]), *groups.items()]


class PreviewForm(forms.Form):
    event = forms.ChoiceField(
        choices=event_choices, initial=FIRST_SHOWN, widget=widgets.UnfoldAdminSelectWidget()
    )
    q = forms.CharField(
        required=False,
        label="Customer",
        max_length=100,
        widget=widgets.UnfoldAdminTextInputWidget(
            {"placeholder": "Name, company, email or phone", "type": "search"}
        ),
    )


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    """Show the preview. The address holds every choice, so it can be bookmarked."""
    form = PreviewForm(
        {"event": request.GET.get("event", FIRST_SHOWN), "q": request.GET.get("q", "")}
    )
    chosen = form.cleaned_data if form.is_valid() else {}
    customers = Customer.objects.filter(business_id=integration.pk)
    number = request.GET.get("customer", "")
    is_number = number.isdigit() and len(number) < 19
    customer = customers.filter(pk=number).first() if is_number else None
    listed = _search(integration.pk, chosen.get("q", ""))
    # Without a chosen customer, show the best match, so that the page is not empty.
    customer = customer or next(iter(listed), None)
    extra = {
        "title": "Preview a message",
        "subtitle": integration.business.name,
        "form": form,
        "customer": customer,
    }
    if chosen and customer:
        extra |= {
            "event": chosen["event"],
            "preview": preview(chosen["event"], customer, integration, timezone.now()),
        }
    extra["others"] = [other for other in listed if other != customer]
    return TemplateResponse(request, "smrt/integration/preview.html", context | extra)


def _search(business_id: int, term: str) -> list[Customer]:
    """Search like the list of customers; without a term, return the latest visitors."""
    customers = Customer.objects.filter(business_id=business_id)
    if not term:
        latest = customers.order_by(F("last_visit").desc(nulls_last=True), "-pk")
        return list(latest[:CUSTOMERS_LISTED])
    matching, _ = search.customers(customers, term, [business_id])
    return list(matching.order_by("last_name", "first_name", "pk")[:CUSTOMERS_LISTED])
