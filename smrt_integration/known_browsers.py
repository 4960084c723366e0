"""A cookie that says in which browser a user logged in before.

It only spares the user from locks, and never logs anybody in. It ends with the password that the
user had then.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import constant_time_compare

from customers.client_ip import keyed_hash

KNOWN_BROWSER_COOKIE: Final = "known_browser"
REMEMBERED_FOR: Final = timedelta(days=90)
"""A helper who comes back after a season is as good as new."""
USERS_PER_BROWSER: Final = 10
"""The people who take turns at the browser of a counter."""
KNOWN_BROWSER_SALT: Final = "smrt_integration.known_browsers"


class KnownBrowsers:
    """Middleware that sets the cookie after a login."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        user = getattr(request, "user_who_logged_in", None)
        if user is not None:
            proof = _proof(user)
            others = [known for known in _proofs(request) if known != proof]
            response.set_cookie(
                KNOWN_BROWSER_COOKIE,
                signing.dumps([proof, *others][:USERS_PER_BROWSER], salt=KNOWN_BROWSER_SALT),
                max_age=REMEMBERED_FOR,
                path="/admin/",
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def is_known(request: HttpRequest, username: str) -> bool:
    """Return whether this user logged in with this browser, and has the same password since."""
    proofs = _proofs(request)
    user = get_user_model().objects.filter(username=username).first() if proofs else None
    return user is not None and any(constant_time_compare(_proof(user), proof) for proof in proofs)


def _proof(user: Any) -> str:
    return keyed_hash(KNOWN_BROWSER_SALT, f"{user.pk} {user.get_session_auth_hash()}")


def _proofs(request: HttpRequest) -> list[str]:
    try:
        proofs: list[str] = signing.loads(
            request.COOKIES.get(KNOWN_BROWSER_COOKIE, ""),
            salt=KNOWN_BROWSER_SALT,
            max_age=REMEMBERED_FOR,
        )
    except signing.BadSignature:
        return []
    return proofs


def _note_login(request: Any, user: Any, **kwargs: Any) -> None:
    request.user_who_logged_in = user


user_logged_in.connect(_note_login)
