"""Secrets at rest: encrypted with keys of their own (FIELD_KEYS, newest first), not SECRET_KEY."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(str):
    """The empty text for a secret that none of FIELD_KEYS decrypts.

    A value and not an error, so that one lost key does not break a list of businesses.
    """


@lru_cache(maxsize=16)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_KEYS))


def encrypt(secret: str) -> str:
    return cipher().encrypt(secret.encode()).decode() if secret else ""


# One entry per business that is delivering. Decrypting its key in every round would cost as much as
# building several messages.
@lru_cache(maxsize=10_000)
def _decrypt(token: str, keys: tuple[str, ...]) -> str:
    try:
        return _cipher(keys).decrypt(token.encode()).decode()
    except InvalidToken:
        return Unreadable("")


def decrypt(token: str) -> str:
    """Return the secret, or `Unreadable` when no key fits."""
    return _decrypt(token, tuple(settings.FIELD_KEYS)) if token else ""


if TYPE_CHECKING:
    Text = models.TextField[str, str]
else:
    Text = models.TextField


class EncryptedTextField(Text):
    """Text that is encrypted in the database, so that SQL cannot search or compare it."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            raise ValueError(
                f"{self.name} cannot be decrypted with FIELD_KEYS, so saving it would lose it. "
                "Enter it again."
            )
        return None if value is None else encrypt(str(value))
