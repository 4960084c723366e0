"""Any event for a customer of the owner's choice, as it would be sent."""

from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold import widgets

from customers.models import Customer
from events.catalogue import EVENTS, ORDER_CREATED
from events.identify import IDENTIFY
from events.models import Integration
from smrt_integration.delivery.preview import preview

FOUND: Final = 20
"""Customers listed at most; who looks for another types more of the name."""


def choices() -> list[Any]:
    groups: dict[str, list[tuple[str, str]]] = {}
    for event in EVENTS:
        groups.setdefault(event.about, []).append((event.name, event.name))
    return [("Customers' details", [(IDENTIFY, "Customer details (identify)")]), *groups.items()]


class PreviewForm(forms.Form):
    event = forms.ChoiceField(
        choices=choices, initial=ORDER_CREATED, widget=widgets.UnfoldAdminSelectWidget()
    )
    q = forms.CharField(
        required=False,
        label="Customer",
        max_length=100,
        widget=widgets.UnfoldAdminTextInputWidget(
            {"placeholder": "Last name, email or phone", "type": "search"}
        ),
    )


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    """Everything is in the address, so that it can be bookmarked; nothing is ever written."""
    form = PreviewForm(
        {"event": request.GET.get("event", ORDER_CREATED), "q": request.GET.get("q", "")}
    )
    chosen = form.cleaned_data if form.is_valid() else {}
    customers = Customer.objects.filter(business_id=integration.pk)
    wanted = request.GET.get("customer", "")
    customer = (
        customers.filter(pk=wanted).first() if wanted.isdigit() and len(wanted) < 19 else None
    )
    found = _search(request, customers, chosen.get("q", ""))
    # whoever was here last, or matches best: then there is something to look at
    customer = customer or next(iter(found), None)
    extra = {
        "title": "Preview a message",
        "subtitle": integration.business.name,
        "form": form,
        "customer": customer,
    }
    if chosen and customer:
        extra |= {
            "event": chosen["event"],
            "shown": preview(chosen["event"], customer, integration, timezone.now()),
        }
    listed = [one for one in found if one != customer]
    return TemplateResponse(
        request, "smrt/integration/preview.html", context | extra | {"found": listed, "most": FOUND}
    )


def _search(request: HttpRequest, customers: Any, term: str) -> list[Customer]:
    """As the list of customers finds them; without a term, those who were here last."""
    if not term:
        return list(customers.order_by(F("last_visit").desc(nulls_last=True), "-pk")[:FOUND])
    matching, _ = admin.site.get_model_admin(Customer).get_search_results(request, customers, term)
    return list(matching.order_by("last_name", "first_name", "pk")[:FOUND])
