"""API keys, and the responses to calls with an Idempotency-Key."""

import hashlib
import secrets
import uuid
from datetime import datetime
from functools import cache
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import connections, models, router, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from customers.models import Business
from smrt_integration.api.scopes import DEFAULT_SCOPES, SCOPES, Client

SECRET_CHARACTERS = 43
"""Of a 64-letter alphabet: 256 random bits, too many to guess, so a plain SHA-256 protects them."""


def validate_scopes(scopes: list[str]) -> None:
    if unknown := sorted(set(scopes) - SCOPES):
        raise ValidationError(
            f"Unknown scopes: {', '.join(unknown)}. The scopes are {', '.join(sorted(SCOPES))}."
        )


def secret_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiCaller(models.Model):
    """One program that calls the API: the till of a store, a phone, a website.

    It keeps its stored responses when its key is exchanged for a new one.
    """

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="api_callers")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = "API caller"

    def __str__(self) -> str:
        return f"Caller since {self.created_at:%Y-%m-%d}"


class ApiKey(models.Model):
    """The key of one client of one business. The secret is shown once; only its hash is stored."""

    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="api_keys")
    caller = models.ForeignKey(
        ApiCaller,
        # a program of the release before this one creates keys without it
        null=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="keys",
        help_text="The program that holds the key.",
    )
    client = models.CharField(
        max_length=7, choices=Client.choices, help_text="Decides what Segment gets as the source."
    )
    name = models.CharField(
        max_length=100, help_text="To recognise the key, such as the name of the store."
    )
    scopes = ArrayField(models.CharField(max_length=32), validators=[validate_scopes])
    start = models.CharField(
        max_length=8,
        editable=False,
        help_text="The key's first characters, to recognise it.",
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
        uuid: UUID | None = None,
        caller: ApiCaller | None = None,
    ) -> tuple[Self, str]:
        """Create a key. Returns the key and its secret, which cannot be read again.

        `scopes` defaults to the scopes that this client needs. With `uuid`, a repeated call
        raises IntegrityError instead of creating a second key. Without `caller`, the key gets a
        new one.

        Raises ValidationError if the caller belongs to another business.
        """
        if caller is not None and caller.business_id != business.pk:
            raise ValidationError({"caller": "This caller belongs to another business."})
        granted = sorted(DEFAULT_SCOPES[Client(client)] if scopes is None else scopes)
        validate_scopes(granted)
        secret = f"smrt_{client}_{secrets.token_urlsafe(SECRET_CHARACTERS * 3 // 4)}"
        start = secret.removeprefix(f"smrt_{client}_")[:4]
        given_uuid = {} if uuid is None else {"uuid": uuid}
        with transaction.atomic():
            return cls.objects.create(
                business=business,
                caller=caller or ApiCaller.objects.create(business=business),
                client=client,
                name=name,
                scopes=granted,
                start=start,
                hash=secret_hash(secret),
                **given_uuid,
            ), secret

    @classmethod
    @sensitive_variables("secret")
    def find_active(cls, secret: str) -> Self | None:
        """Return the key with this secret and its business, or None if unknown or revoked."""
        using = router.db_for_read(cls)
        with connections[using].cursor() as cursor:
            cursor.execute(_active_key_query(), [secret_hash(secret)])
            row = cursor.fetchone()
        if row is None:
            return None
        key_columns = _column_names(cls)
        key = cls.from_db(using, key_columns, row[: len(key_columns)])
        key.business = Business.from_db(using, _column_names(Business), row[len(key_columns) :])
        return key

    @property
    def prefix(self) -> str:
        """The start of the key, by which people recognise it: smrt_pos_abcd."""
        return f"smrt_{self.client}_{self.start}"

    def caller_pk(self) -> int:
        """Return the pk of the caller, which is created if the key has none yet."""
        if self.caller_id is not None:
            return self.caller_id
        with transaction.atomic():
            # two calls at once must not create two
            stored = type(self).objects.select_for_update().get(pk=self.pk)
            if stored.caller is None:
                stored.caller = ApiCaller.objects.create(business_id=self.business_id)
                stored.save(update_fields=["caller"])
        self.caller = stored.caller
        return stored.caller.pk

    def revoke(self, now: datetime) -> bool:
        """Refuse this key from the next call on. Returns False if it was revoked before."""
        return bool(type(self).objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=now))


@cache
def _active_key_query() -> str:
    """Build the statement once: each call runs it, and building it takes 0.36 ms of Python."""
    rows = ApiKey.objects.select_related("business").filter(hash="", revoked_at=None)
    return str(rows.query.sql_with_params()[0])


@cache
def _column_names(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(column.attname for column in model._meta.concrete_fields)


class Answered(models.Model):
    """The response to a call with an Idempotency-Key, sent again when the caller repeats it.

    `key` and its constraint remain for programs of the release before this one, which run during
    an update and find responses by them.
    """

    caller = models.ForeignKey(
        ApiCaller, null=True, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, db_index=False, related_name="+")
    idempotency_key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "idempotency_key"], name="answered_once"),
            models.UniqueConstraint(
                fields=["caller", "idempotency_key"], name="answered_once_per_caller"
            ),
        ]
        indexes = [models.Index(fields=["at"], name="answered_at")]

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%Y-%m-%d %H:%M:%S}"
