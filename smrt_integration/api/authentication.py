"""Authentication by `Authorization: Bearer <key>`, and the permission that a scope gives."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from smrt_integration.api.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView

LAST_USED_PRECISION = timedelta(minutes=1)
"""Owners only need to see whether a key is still in use; finer would cost a write per call."""

MALFORMED_HEADER = "Send the key in this header: Authorization: Bearer smrt_pos_..."
UNKNOWN_KEY = (
    "This key is unknown or was revoked. An owner can create a key in the admin, under API keys."
)


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
            raise AuthenticationFailed(UNKNOWN_KEY)
        _record_use(key)
        return ApiClient(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


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
