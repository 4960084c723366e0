"""Coming in by the link, being let in to a page, and leaving."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.csrf import csrf_failure
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers.account import session
from customers.account.error_messages import error_message
from customers.account.rendering import ViewArgs, account_page, anonymous_page, private
from customers.errors import ActionRefused
from customers.links import read_link
from customers.models import Customer

CUSTOMER_PATHS = ("/account/", "/join/")


@require_safe
@private
@sensitive_variables("token")
def log_in(request: HttpRequest, token: str) -> HttpResponse:
    """Open the account that the link belongs to.

    Nothing but a cookie comes of it: programs that look at the links in a mail before its reader does come this way too.
    """
    customer = session.customer_of_claim(read_link(token))
    if customer is None:
        response = anonymous_page(request, "closed", 404)
    else:
        response = redirect("account:home")
        session.begin(response, customer)
    # This address is a login: no other page may hear of it.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def customer_view(
    view: Callable[Concatenate[HttpRequest, Customer, ViewArgs], HttpResponse],
) -> Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse]:
    """The view for whoever the cookie names; without such a cookie, a page that says how to come in."""

    @wraps(view)
    def answer(
        request: HttpRequest, /, *args: ViewArgs.args, **kwargs: ViewArgs.kwargs
    ) -> HttpResponse:
        customer = session.customer_of(request)
        if customer is None:
            return anonymous_page(request, "closed", 404)
        if request.method == "POST" and request.POST.get("account") != customer.uuid.hex:
            # The form was made for somebody else, whose account was open in this browser then.
            return account_page(request, customer, "another", 409)
        try:
            return view(request, customer, *args, **kwargs)
        except ActionRefused as refusal:
            return account_page(request, customer, "refused", 409, sentence=error_message(refusal))

    return require_http_methods(["GET", "HEAD", "POST"])(private(answer))


@require_POST
@private
def log_out(request: HttpRequest) -> HttpResponse:
    response = anonymous_page(request, "left", 200)
    session.end(response)
    return response


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW. A customer mostly meets it with a page that was left open for long, or with cookies switched off."""
    if not request.path.startswith(CUSTOMER_PATHS):
        return csrf_failure(request, reason=reason)
    response = private(anonymous_page)(request, "expired", 403)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
