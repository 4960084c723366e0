"""New customers sign up."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from customers.account import session, signup_limit
from customers.account.forms import JoinForm
from customers.account.rendering import anonymous_page, business_page, private, redirect_home
from customers.links import clean_token
from customers.models import Brand, Business, Customer

JOIN_FORM_SALT: Final = "customers.account.join"
JOIN_FORM_LIFETIME: Final = timedelta(days=1)
"""So long may somebody take to fill it in."""
IDENTIFYING_FIELDS: Final = ("first_name", "last_name", "email", "phone", "street")


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@private
def join(request: HttpRequest, business: str) -> HttpResponse:
    """Whoever signs up gets an account of their own.

    Also with the email or phone of a customer who is known already: knowing those proves nothing, so it must not open that customer's
    account, nor tell that there is one. Two records of one person are for the business to merge.
    """
    firm = _business(clean_token(business))
    if firm is None:
        return anonymous_page(request, "missing", 404)
    brand = _brand(request.GET.get("brand", ""), firm)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        business=firm,
        initial={"form": _new_form()},
    )
    if not form.is_valid():
        return business_page(request, firm, brand, "join", form=form)
    if not signup_limit.may_sign_up(request):
        response = business_page(request, firm, brand, "too_many", 429)
        response.headers["Retry-After"] = str(signup_limit.SIGN_UP_WINDOW_SECONDS)
        return response
    return _welcome(firm, brand, form)


def _welcome(business: Business, brand: Brand | None, form: JoinForm) -> HttpResponse:
    customer = _sign_up_once(business, brand, form)
    response = redirect_home(f"Welcome, {customer}. This is your account.")
    session.begin(response, customer)
    return response


def _sign_up_once(business: Business, brand: Brand | None, form: JoinForm) -> Customer:
    """A form brings the id of the customer to be. The database decides which of two that were sent at once made the customer."""
    details = form.details()
    uuid = _form_id(form.cleaned_data["form"])
    if uuid is not None:
        with suppress(FormAlreadyUsed):
            return _sign_up(business, brand, uuid, details)
        sent_before = Customer.objects.filter(
            uuid=uuid, business=business, **{field: details[field] for field in IDENTIFYING_FIELDS}
        ).first()
        if sent_before is not None:
            return sent_before
    return _sign_up(business, brand, uuid4(), details)


class FormAlreadyUsed(Exception):
    """This form made a customer before."""


def _sign_up(
    business: Business, brand: Brand | None, uuid: UUID, details: dict[str, Any]
) -> Customer:
    try:
        with transaction.atomic():
            return Customer.sign_up(
                business, source=Customer.Source.WEBSITE, brand=brand, uuid=uuid, **details
            )
    except IntegrityError as error:
        if "customers_customer_uuid" not in str(error):
            raise
        raise FormAlreadyUsed from error


def _new_form() -> str:
    return signing.dumps(uuid4().hex, salt=JOIN_FORM_SALT)


def _form_id(said: str) -> UUID | None:
    """None for a form that is too old to tell whether it was sent before."""
    try:
        return UUID(signing.loads(said, salt=JOIN_FORM_SALT, max_age=JOIN_FORM_LIFETIME))
    except signing.BadSignature:
        return None


def _business(said: str) -> Business | None:
    try:
        return Business.objects.filter(uuid=UUID(said)).first()
    except ValueError:
        return None


def _brand(said: str, business: Business) -> Brand | None:
    """None also for what is no brand of this business: the sign-up goes on in the name of the business."""
    try:
        return Brand.objects.filter(business=business, uuid=UUID(said)).first() if said else None
    except ValueError:
        return None
