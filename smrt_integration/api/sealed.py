"""Values that a client keeps for us and cannot read or change, such as the position in a list."""

import base64
import hashlib
import hmac
import json
from functools import lru_cache
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE_OF_KEY: Final = b"smrt_integration.api.sealed"
"""Keeps this key apart from everything else that is derived from SECRET_KEY."""


class NotSealed(ValueError):
    """The text was not sealed by us, or for another purpose."""


def seal(value: Any, purpose: str) -> str:
    """Return the value, of JSON's types, as text that is encrypted and signed."""
    return _cipher().encrypt(json.dumps([purpose, value]).encode()).decode()


def unseal(text: str, purpose: str) -> Any:
    """Return the value that was sealed for this purpose. Raises NotSealed."""
    try:
        sealed_for, value = json.loads(_cipher().decrypt(text.encode()))
    except (InvalidToken, UnicodeEncodeError) as error:
        raise NotSealed from error
    if sealed_for != purpose:
        raise NotSealed
    return value


def _cipher() -> MultiFernet:
    return _cipher_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _cipher_of(*secrets: str) -> MultiFernet:
    """Return the cipher. The first secret encrypts, all decrypt."""
    digests = (hmac.digest(secret.encode(), PURPOSE_OF_KEY, hashlib.sha256) for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
