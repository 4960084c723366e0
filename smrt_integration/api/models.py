"""Who may call, and what was answered to calls that may come again."""

import hashlib
import secrets
import uuid
from datetime import datetime
from functools import cache
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import connections, models, router
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from customers.models import Business
from smrt_integration.api.scopes import DEFAULT_SCOPES, SCOPES, Client

SECRET_CHARACTERS = 43
"""Of 64 kinds: 256 bits, so a plain hash protects them; there is nothing to guess as there is with passwords."""


def validate_scopes(scopes: list[str]) -> None:
    if unknown := sorted(set(scopes) - SCOPES):
        raise ValidationError(
            f"{', '.join(unknown)}: there is no such scope. There are {', '.join(sorted(SCOPES))}."
        )


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKey(models.Model):
    """What one client of one business calls with. Kept as a hash: shown once, when it is made."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="api_keys")
    client = models.CharField(
        max_length=7, choices=Client.choices, help_text="It decides the source of what happens."
    )
    name = models.CharField(
        max_length=100, help_text="To tell it from others, such as the name of the shop."
    )
    scopes = ArrayField(models.CharField(max_length=32), validators=[validate_scopes])
    start = models.CharField(
        max_length=8,
        editable=False,
        help_text="The key's first characters, by which it is recognised.",
    )
    hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    def __str__(self) -> str:
        return f"{self.name} ({self.get_client_display()})"

    @classmethod
    @sensitive_variables("secret")
    def issue(
        cls,
        business: Business,
        client: str,
        name: str,
        scopes: list[str] | None = None,
        known_by: UUID | None = None,
    ) -> tuple[Self, str]:
        """A new key and its secret, which nobody can read again. `scopes` are by default what such a client needs. With the uuid it will
        be known by, a repetition raises IntegrityError instead of making another key."""
        granted = sorted(DEFAULT_SCOPES[Client(client)] if scopes is None else scopes)
        validate_scopes(granted)
        secret = f"smrt_{client}_{secrets.token_urlsafe(SECRET_CHARACTERS * 3 // 4)}"
        start = secret.removeprefix(f"smrt_{client}_")[:4]
        told = {} if known_by is None else {"uuid": known_by}
        return cls.objects.create(
            business=business,
            client=client,
            name=name,
            scopes=granted,
            start=start,
            hash=secret_hash(secret),
            **told,
        ), secret

    @classmethod
    @sensitive_variables("secret")
    def find_active(cls, secret: str) -> Self | None:
        """The key with this secret, with its business; None when there is none, or it was revoked."""
        using = router.db_for_read(cls)
        with connections[using].cursor() as cursor:
            cursor.execute(_active_key_query(), [secret_hash(secret)])
            row = cursor.fetchone()
        if row is None:
            return None
        own = len(_columns(cls))
        key = cls.from_db(using, _columns(cls), row[:own])
        key.business = Business.from_db(using, _columns(Business), row[own:])
        return key

    @property
    def prefix(self) -> str:
        """By which people recognise it: smrt_pos_abcd."""
        return f"smrt_{self.client}_{self.start}"

    def revoke(self, now: datetime) -> bool:
        """From the next call on it is refused. Revoking twice changes nothing; answers whether it was in use until now."""
        return bool(type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=now))


@cache
def _active_key_query() -> str:
    """Every call begins with this statement. Written once, it takes 0.14 ms, and 0.5 ms when it is written anew for each (Python alone)."""
    rows = ApiKey.objects.select_related("business").filter(hash="", revoked_at=None)
    return str(rows.query.sql_with_params()[0])


@cache
def _columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(column.attname for column in model._meta.concrete_fields)


class Answered(models.Model):
    """What a POST with an Idempotency-Key was answered, for when the caller did not hear it and asks again."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, db_index=False, related_name="+")
    idempotency_key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="Of method, path and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "idempotency_key"], name="answered_once")
        ]
        indexes = [models.Index(fields=["at"], name="answered_at")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%Y-%m-%d %H:%M:%S}"
