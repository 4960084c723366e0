"""Who calls: `Authorization: Bearer <key>`, one key per business and client."""

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

# `last_used_at` tells an owner which key is still in use; to the minute is enough, and spares a write per call.
LAST_USED_PRECISION = timedelta(minutes=1)

MALFORMED_HEADER = "Send your key as in: Authorization: Bearer smrt_pos_..."
UNKNOWN_KEY = (
    "This key is not known here or was revoked. An owner makes keys in the admin, under API keys."
)


class ApiClient:
    """What `request.user` is in the API: a key, which stands for a business's client."""

    is_authenticated = True
    is_active = True

    def __init__(self, key: ApiKey) -> None:
        self.key = key
        # for the request log, which names users by it
        self.pk = f"key {key.pk}"


class KeyAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[ApiClient, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise AuthenticationFailed(MALFORMED_HEADER)
        key = ApiKey.find_active(words[1].decode(errors="replace"))
        if key is None:
            raise AuthenticationFailed(UNKNOWN_KEY)
        _note_use(key)
        return ApiClient(key), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _note_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at < now - LAST_USED_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


class HasScope(BasePermission):
    """The key's scopes hold `<area>:read` or `<area>:write`; a view without an `area` is for every key."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, ApiKey):
            return False
        area = getattr(view, "area", None)
        needed = f"{area}:{'read' if request.method in SAFE_METHODS else 'write'}"
        self.message = f"This key may not do this: it lacks the scope {needed}. An owner can make another key in the admin."
        return area is None or needed in request.auth.scopes
