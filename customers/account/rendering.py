"""What all customer pages share: the name above them, the time zone and the response headers."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from customers.account import session
from customers.models import Brand, Business, Customer

ViewArgs = ParamSpec("ViewArgs")

PRIVATE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # Addresses without a token hold no secret. `no-referrer` would also make browsers hide the
    # origin of our forms, which Django checks.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def private(
    view: Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse],
) -> Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse]:
    """Keep a view's responses out of caches and search engines.

    The page runs no scripts and loads nothing from other hosts.
    """

    @wraps(view)
    def private_view(
        request: HttpRequest, /, *args: ViewArgs.args, **kwargs: ViewArgs.kwargs
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in PRIVATE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return private_view


def account_page(
    request: HttpRequest, customer: Customer, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a page of the customer's account."""
    notice = session.notice(request)
    context |= {"customer": customer, "account": customer.uuid.hex, "notice": notice}
    response = business_page(
        request, customer.business, customer.brand, template, status, **context
    )
    if notice:
        session.remove_notice(response)
    return response


def business_page(
    request: HttpRequest,
    business: Business,
    brand: Brand | None,
    template: str,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page with the name of the brand, or else the business, and in its time zone."""
    with timezone.override(ZoneInfo(business.time_zone)):
        return render(
            request,
            f"account/{template}.html",
            context | {"business": business, "site_name": brand or business},
            status=status,
        )


def anonymous_page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """Render a page that names no business, so it does not reveal whose customer somebody is."""
    return render(request, f"account/{template}.html", {"site_name": "Your cleaner"}, status=status)


def redirect_home(notice: str) -> HttpResponse:
    """Redirect to the first page, which shows the notice once. Reloading it repeats no action."""
    response = redirect("account:home")
    session.set_notice(response, notice)
    return response
