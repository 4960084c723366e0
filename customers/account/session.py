"""The session of a customer: a signed cookie, separate from the session of the admin's users.

The cookie holds the customer and the version of the link that was opened. So revoking a customer's
links also logs out everyone who opened one.
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
VISIT_LIFETIME: Final = timedelta(hours=12)
"""A day at home. After that, the link opens the account again."""
NOTICE_LIFETIME: Final = timedelta(minutes=1)
"""A notice is shown right after the redirect that follows an action."""


def customer_of_claim(claim: LinkClaim | None) -> Customer | None:
    """Return the customer, unless their links were revoked since."""
    if claim is None:
        return None
    return (
        Customer.objects.select_related("business", "brand")
        .filter(uuid=claim.uuid, link_version=claim.link_version)
        .first()
    )


def begin(response: HttpResponse, customer: Customer) -> None:
    _set(response, ACCOUNT_COOKIE, [customer.uuid.hex, customer.link_version], VISIT_LIFETIME)


def end(response: HttpResponse) -> None:
    response.delete_cookie(ACCOUNT_COOKIE, path=COOKIE_PATH, samesite="Lax")


def customer_of(request: HttpRequest) -> Customer | None:
    value = _get(request, ACCOUNT_COOKIE, VISIT_LIFETIME)
    return customer_of_claim(LinkClaim(UUID(value[0]), value[1])) if value else None


def set_notice(response: HttpResponse, sentence: str) -> None:
    """Set a signed notice, so that nobody else can put a sentence on our pages."""
    _set(response, NOTICE_COOKIE, sentence, NOTICE_LIFETIME)


def notice(request: HttpRequest) -> str | None:
    sentence: str | None = _get(request, NOTICE_COOKIE, NOTICE_LIFETIME)
    return sentence


def remove_notice(response: HttpResponse) -> None:
    response.delete_cookie(NOTICE_COOKIE, path=COOKIE_PATH, samesite="Lax")


def _set(response: HttpResponse, name: str, value: object, lifetime: timedelta) -> None:
    response.set_cookie(
        name,
        signing.dumps(value, salt=_cookie_salt(name)),
        max_age=lifetime,
        path=COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _get(request: HttpRequest, name: str, lifetime: timedelta) -> Any:
    try:
        return signing.loads(
            request.COOKIES.get(name, ""), salt=_cookie_salt(name), max_age=lifetime
        )
    except signing.BadSignature:
        return None


def _cookie_salt(name: str) -> str:
    return f"customers.account.session.{name}"
