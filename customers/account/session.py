"""Who is at the browser: a signed cookie of its own, so that it never mixes with the session of the staff.

It names the customer and the version of the link that let them in: revoking the links of a customer ends their open visits too.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from customers.links import LinkClaim
from customers.models import Customer

ACCOUNT_COOKIE: Final = "account"
NOTICE_COOKIE: Final = "account_notice"
COOKIE_PATH: Final = "/account"
# A day's errands. Whoever comes back later has the link, which opens the account again.
VISIT_LIFETIME: Final = timedelta(hours=12)
# Shown once, right after the redirect that follows an action.
NOTICE_LIFETIME: Final = timedelta(minutes=1)


def customer_of_claim(claim: LinkClaim | None) -> Customer | None:
    """The customer, unless their links were revoked since the claim was made."""
    if claim is None:
        return None
    known = Customer.objects.select_related("business", "brand")
    return known.filter(uuid=claim.uuid, link_version=claim.link_version).first()


def begin(response: HttpResponse, customer: Customer) -> None:
    _set(response, ACCOUNT_COOKIE, [customer.uuid.hex, customer.link_version], VISIT_LIFETIME)


def end(response: HttpResponse) -> None:
    response.delete_cookie(ACCOUNT_COOKIE, path=COOKIE_PATH, samesite="Lax")


def customer_of(request: HttpRequest) -> Customer | None:
    said = _get(request, ACCOUNT_COOKIE, VISIT_LIFETIME)
    return customer_of_claim(LinkClaim(UUID(said[0]), said[1])) if said else None


def set_notice(response: HttpResponse, sentence: str) -> None:
    """Signed, so that nobody can make our pages say what did not happen."""
    _set(response, NOTICE_COOKIE, sentence, NOTICE_LIFETIME)


def notice(request: HttpRequest) -> str | None:
    sentence: str | None = _get(request, NOTICE_COOKIE, NOTICE_LIFETIME)
    return sentence


def remove_notice(response: HttpResponse) -> None:
    response.delete_cookie(NOTICE_COOKIE, path=COOKIE_PATH, samesite="Lax")


def _set(response: HttpResponse, name: str, value: object, age: timedelta) -> None:
    response.set_cookie(
        name,
        signing.dumps(value, salt=_salt(name)),
        max_age=age,
        path=COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _get(request: HttpRequest, name: str, age: timedelta) -> Any:
    try:
        return signing.loads(request.COOKIES.get(name, ""), salt=_salt(name), max_age=age)
    except signing.BadSignature:
        return None


def _salt(name: str) -> str:
    return f"customers.account.session.{name}"
