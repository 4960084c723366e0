"""Sign up new customers."""

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
from customers.turns import take_turn

JOIN_FORM_SALT: Final = "customers.account.join"
JOIN_FORM_LIFETIME: Final = timedelta(days=1)
"""How long a form is recognised when it is sent a second time."""
IDENTIFYING_FIELDS: Final = ("first_name", "last_name", "email", "phone", "street")
"""Two forms with the same id and these same values are from the same person."""


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@private
def join(request: HttpRequest, business: str) -> HttpResponse:
    """Sign up a new customer, and open their account.

    The account is new even if another customer has the same email or phone: knowing those proves
    nothing, so they must not open that customer's account, nor reveal that it exists. The business
    can merge two records of one person.
    """
    joined = _business(clean_token(business))
    if joined is None:
        return anonymous_page(request, "not_found", 404)
    take_turn(joined.pk)
    brand = _brand(request.GET.get("brand", ""), joined)
    form = JoinForm(
        request.POST if request.method == "POST" else None,
        business=joined,
        initial={"form": _new_form_id()},
    )
    if not form.is_valid():
        return business_page(request, joined, brand, "join", form=form)
    if not signup_limit.may_sign_up(request):
        response = business_page(request, joined, brand, "too_many_signups", 429)
        response.headers["Retry-After"] = str(signup_limit.SIGN_UP_WINDOW_SECONDS)
        return response
    return _welcome(joined, brand, form)


def _welcome(business: Business, brand: Brand | None, form: JoinForm) -> HttpResponse:
    customer = _sign_up_once(business, brand, form)
    response = redirect_home(f"Welcome, {customer}. This is your account.")
    session.begin(response, customer)
    return response


def _sign_up_once(business: Business, brand: Brand | None, form: JoinForm) -> Customer:
    """Sign up one customer per form.

    The form holds the new customer's id, so the database refuses the second of two that are sent
    at the same time.
    """
    details = form.details()
    uuid = _form_id(form.cleaned_data["form"])
    if uuid is not None:
        with suppress(FormAlreadyUsed):
            return _sign_up(business, brand, uuid, details)
        same_person = Customer.objects.filter(
            uuid=uuid, business=business, **{field: details[field] for field in IDENTIFYING_FIELDS}
        ).first()
        if same_person is not None:
            return same_person
    return _sign_up(business, brand, uuid4(), details)


class FormAlreadyUsed(Exception):
    """This form has signed up a customer before."""


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


def _new_form_id() -> str:
    return signing.dumps(uuid4().hex, salt=JOIN_FORM_SALT)


def _form_id(signed: str) -> UUID | None:
    """Return None for a form that is too old, or not ours."""
    try:
        return UUID(signing.loads(signed, salt=JOIN_FORM_SALT, max_age=JOIN_FORM_LIFETIME))
    except signing.BadSignature:
        return None


def _business(uuid: str) -> Business | None:
    try:
        return Business.objects.filter(uuid=UUID(uuid)).first()
    except ValueError:
        return None


def _brand(uuid: str, business: Business) -> Brand | None:
    """Return None also for a brand of another business: then the business's own name is shown."""
    try:
        return Brand.objects.filter(business=business, uuid=UUID(uuid)).first() if uuid else None
    except ValueError:
        return None
