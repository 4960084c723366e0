"""Secrets at rest: encrypted with keys of their own (FIELD_KEYS, newest first), never with SECRET_KEY."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Unreadable(str):
    """The empty stand-in for a secret that none of FIELD_KEYS decrypts, so that one lost key does not break a whole list."""


@lru_cache(maxsize=16)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_KEYS))


def encrypt(secret: str) -> str:
    return cipher().encrypt(secret.encode()).decode() if secret else ""


# One entry per business that is delivering: decrypting anew every round would cost as much as building several messages.
@lru_cache(maxsize=10_000)
def _decrypt(token: str, keys: tuple[str, ...]) -> str:
    try:
        return _cipher(keys).decrypt(token.encode()).decode()
    except InvalidToken:
        return Unreadable("")


def decrypt(token: str) -> str:
    """The secret, or `Unreadable` when no key fits."""
    return _decrypt(token, tuple(settings.FIELD_KEYS)) if token else ""


if TYPE_CHECKING:
    Text = models.TextField[str, str]
else:
    Text = models.TextField


class EncryptedTextField(Text):
    """Text that is ciphertext in the database and plain in Python. It cannot be searched or compared in SQL."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Unreadable):
            raise ValueError(
                f"{self.name} could not be decrypted with FIELD_KEYS and would be lost by saving it; enter it anew."
            )
        return None if value is None else encrypt(str(value))
