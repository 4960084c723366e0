"""Log in by link, let a logged-in customer see a page, and log out."""

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
from customers.turns import take_turn

CUSTOMER_PATHS = ("/account/", "/join/")


@require_safe
@private
@sensitive_variables("token")
def log_in(request: HttpRequest, token: str) -> HttpResponse:
    """Open the account that the link belongs to.

    It only sets a cookie: link scanners of mail programs open the link too, and change nothing.
    """
    customer = session.customer_of_claim(read_link(token))
    if customer is None:
        response = anonymous_page(request, "not_logged_in", 404)
    else:
        response = redirect("account:home")
        session.begin(response, customer)
    # This address is a login: no other page may get it as its referrer.
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def customer_view(
    view: Callable[Concatenate[HttpRequest, Customer, ViewArgs], HttpResponse],
) -> Callable[Concatenate[HttpRequest, ViewArgs], HttpResponse]:
    """Call the view with the customer that the cookie names.

    Without such a cookie, show a page that explains how to log in.
    """

    @wraps(view)
    def logged_in_view(
        request: HttpRequest, /, *args: ViewArgs.args, **kwargs: ViewArgs.kwargs
    ) -> HttpResponse:
        customer = session.customer_of(request)
        if customer is None:
            return anonymous_page(request, "not_logged_in", 404)
        take_turn(customer.business_id)
        if request.method == "POST" and request.POST.get("account") != customer.uuid.hex:
            # The form was shown to another customer, whose account was open in this browser then.
            return account_page(request, customer, "other_account", 409)
        try:
            return view(request, customer, *args, **kwargs)
        except ActionRefused as refusal:
            sentence = error_message(refusal)
            return account_page(request, customer, "action_refused", 409, sentence=sentence)

    return require_http_methods(["GET", "HEAD", "POST"])(private(logged_in_view))


@require_POST
@private
def log_out(request: HttpRequest) -> HttpResponse:
    response = anonymous_page(request, "logged_out", 200)
    session.end(response)
    return response


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Explain a form without a valid CSRF token. Django's CSRF_FAILURE_VIEW.

    Most customers who see it left a page open for long, or have cookies switched off.
    """
    if not request.path.startswith(CUSTOMER_PATHS):
        return csrf_failure(request, reason=reason)
    response = private(anonymous_page)(request, "form_expired", 403)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
