"""The box at the top of every page: it finds customers, orders and messages.

The results appear below the box while somebody types, and as a page of their own without scripts.
"""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from customers import access, search
from customers.models import Customer, Order
from customers.phones import format_phone
from events.models import SendLog
from events.send_log import pages
from events.send_log.filter import MessageFilter
from events.send_log.search import search as search_messages
from smrt_integration.admin.messages.message_rows import send_log_rows

MOST_LISTED: Final = 5
"""Rows of each kind. The link below them shows all."""
MOST_CUSTOMERS_READ: Final = 20
"""Customers whose orders are listed."""


@dataclass(frozen=True, slots=True)
class Hit:
    title: str
    details: str
    url: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What was found of one kind, and the address of the list that shows all."""

    heading: str
    rows: list[Hit]
    url: str


def view(request: HttpRequest) -> HttpResponseBase:
    """Show what the text matches among what the user may see."""
    typed = search.clean(request.GET.get("s", ""))
    context: dict[str, Any] = {
        "typed": typed,
        "kinds": [hits for hits in _find(request, typed) if hits.rows] if typed else [],
        "how_to_search": search.HOW_TO_SEARCH,
    }
    if "extended" in request.GET:
        return TemplateResponse(request, "smrt/find/results.html", context)
    context |= {**admin.site.each_context(request), "title": "Find"}
    return TemplateResponse(request, "smrt/find/page.html", context)


def _find(request: HttpRequest, typed: str) -> list[Hits]:
    businesses = access.business_ids_of(request.user)
    people = search.find_customers(typed, businesses, MOST_CUSTOMERS_READ).ids
    several = businesses is None or len(businesses) > 1
    found = []
    if _may_see(request, Customer):
        found.append(_customers(request, typed, people, several=several))
    if _may_see(request, Order):
        numbers = search.find_orders(typed, businesses, MOST_LISTED).ids
        found.append(_orders(request, typed, numbers, people, several=several))
    if _may_see(request, SendLog):
        found.append(_messages(typed, businesses, several=several))
    return found


def _customers(request: HttpRequest, typed: str, ids: tuple[int, ...], *, several: bool) -> Hits:
    rows: list[Customer] = list(_rows(request, Customer).filter(pk__in=ids[:MOST_LISTED]))
    hits = [
        Hit(
            str(row),
            _details(
                row.company_name if row.company_name != str(row) else "",
                format_phone(row.phone) if row.phone else "",
                row.email,
                row.business.name if several else "",
            ),
            reverse("admin:customers_customer_change", args=[row.pk]),
        )
        for row in rows
    ]
    return Hits("Customers", hits, _list("customers_customer", typed))


def _orders(
    request: HttpRequest,
    typed: str,
    numbers: tuple[int, ...],
    people: tuple[int, ...],
    *,
    several: bool,
) -> Hits:
    orders = _rows(request, Order).select_related("customer")
    rows: list[Order] = [
        *orders.filter(pk__in=numbers),
        *orders.filter(customer__in=people).exclude(pk__in=numbers)[:MOST_LISTED],
    ]
    hits = [
        Hit(
            f"Order {row.number}",
            _details(
                str(row.customer), row.get_status_display(), row.business.name if several else ""
            ),
            reverse("admin:customers_order_change", args=[row.pk]),
        )
        for row in rows[:MOST_LISTED]
    ]
    return Hits("Orders", hits, _list("customers_order", typed))


def _messages(typed: str, businesses: search.Businesses, *, several: bool) -> Hits:
    result = search_messages(typed, businesses)
    url = _list("events_sendlog", typed)
    if not result:
        return Hits("Messages", [], url)
    seen = None if businesses is None else tuple(businesses)
    page = pages.page(MessageFilter(businesses=seen, search_result=result), MOST_LISTED)
    hits = [
        Hit(
            row.event,
            _details(row.customer.name, row.badge.word, row.settled, row.business),
            row.url,
        )
        for row in send_log_rows(page.entries, timezone.now(), several=several)
    ]
    return Hits("Messages", hits, url)


def _may_see(request: HttpRequest, model: Any) -> bool:
    return admin.site.get_model_admin(model).has_view_permission(request)


def _rows(request: HttpRequest, model: Any) -> QuerySet[Any]:
    rows: QuerySet[Any] = admin.site.get_model_admin(model).get_queryset(request)
    return rows.select_related("business").order_by("-pk")


def _list(name: str, typed: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode({'q': typed})}"


def _details(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
