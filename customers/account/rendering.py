"""What every page here has in common: whose name stands above it, whose clock it goes by, and what a browser may do with it."""

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
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Clean addresses hold no secret. With `no-referrer`, a browser would also hide the origin of the forms that it sends,
    # by which Django tells our own from foreign ones.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def private(
    view: Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse],
) -> Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse]:
    """For one person's eyes: kept by no cache and no search engine; runs no script and loads nothing from elsewhere."""

    @wraps(view)
    def answer(
        request: HttpRequest, /, *args: ViewArgs.args, **kwargs: ViewArgs.kwargs
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        for name, value in PRIVATE_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


def account_page(
    request: HttpRequest, customer: Customer, template: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A page of the customer's account."""
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
    """In the name of the brand, else of the business, and on its clock."""
    with timezone.override(ZoneInfo(business.time_zone)):
        return render(
            request,
            f"account/{template}.html",
            context | {"business": business, "firm": brand or business},
            status=status,
        )


def anonymous_page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """In nobody's name: it must not tell whose customer somebody is."""
    return render(request, f"account/{template}.html", {"firm": "Your cleaner"}, status=status)


def redirect_home(sentence: str) -> HttpResponse:
    """Back to the first page, which says what happened. A reload of it repeats nothing."""
    response = redirect("account:home")
    session.set_notice(response, sentence)
    return response
