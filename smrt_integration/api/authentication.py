"""Authentication by `Authorization: Bearer <key>`, and the permission that a scope gives."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from customers.client_ip import client_ip_hash
from customers.rate_limit import count_call
from smrt_integration.api.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

LAST_USED_PRECISION = timedelta(minutes=1)
"""Owners only need to see whether a key is still in use; finer would cost a write per call."""

MALFORMED_HEADER = "Send the key in this header: Authorization: Bearer smrt_pos_..."
UNKNOWN_KEY = (
    "This key is unknown or was revoked. An owner can create a key in the admin, under API keys."
)
MANY_UNKNOWN_KEYS = (
    "Too many calls with keys that are unknown or were revoked came from your internet address."
)
UNKNOWN_KEYS_WINDOW_SECONDS = 600
UNKNOWN_KEYS_PER_WINDOW = 60
"""A till with an old key that tries every ten seconds still reads that its key is unknown."""


class ApiClient:
    """The `request.user` of the API: the client that holds a key."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        # the request log names users by their pk
        self.pk = f"key {key.pk}"


class KeyAuthentication(BaseAuthentication):
    """Find the key, and the business with it, by the secret in the Authorization header."""

    def authenticate(self, request: Request) -> tuple[ApiClient, ApiKey] | None:
        parts = get_authorization_header(request).split()
        if not parts:
            return None
        if len(parts) != 2 or parts[0].lower() != b"bearer":
            raise AuthenticationFailed(MALFORMED_HEADER)
        key = ApiKey.find_active(parts[1].decode(errors="replace"))
        if key is None:
            _count_unknown_key(request)
            raise AuthenticationFailed(UNKNOWN_KEY)
        _record_use(key)
        return ApiClient(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _count_unknown_key(request: Request) -> None:
    """Raise Throttled if many calls with unknown keys came from this client IP.

    A call with a good key is answered all the same: one till whose key was revoked must not stop
    the others of its store. Guessing a key is hopeless, as it has 256 random bits.
    """
    address_hash = client_ip_hash(request, "smrt_integration.api.authentication")
    if not address_hash:
        return
    counted = count_call(f"smrt:unknown-keys:{address_hash}", UNKNOWN_KEYS_WINDOW_SECONDS)
    if counted.calls > UNKNOWN_KEYS_PER_WINDOW:
        raise Throttled(counted.seconds_left, MANY_UNKNOWN_KEYS)


def _record_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """Require the scope `<area>:read` or `<area>:write`. A view with area None is for every key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        area = getattr(view, "area", None)
        scope = f"{area}:{'read' if request.method in SAFE_METHODS else 'write'}"
        self.message = (
            f"This key lacks the scope {scope}. An owner can create another key in the admin."
        )
        return area is None or scope in request.auth.scopes
