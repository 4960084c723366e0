"""Exports: who asked for which messages, how far their file is written, and where its parts are."""

import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import models

from customers.models import Business

EXPORT_RETENTION: Final = timedelta(days=1)
"""Long enough to fetch a file that was asked for in the evening. It has names and email addresses,
so it is kept no longer."""


def new_folder() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_hex(16)


class Export(models.Model):
    """A file of the messages that match a filter. Its parts, one after the other, are the file.

    It is open until `finished_at` or `failed_at` is set. A worker that writes a part holds the
    lease: only while `lease_token` is still its own may it add the part.
    """

    business = models.ForeignKey(
        Business,
        on_delete=models.CASCADE,
        null=True,
        related_name="+",
        help_text="Empty when the messages are of several businesses.",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    matching = models.JSONField(help_text="The filter that says which messages are meant.")
    filter_in_words = models.TextField(help_text="The filter as its user saw it.")
    up_to = models.BigIntegerField(help_text="The newest entry of the send log at that time.")
    expected = models.PositiveBigIntegerField(help_text="How many matched; 0 if not counted.")
    folder = models.CharField(max_length=32, unique=True, default=new_folder)
    parts = models.JSONField(default=list, help_text="The names of the stored files, in order.")
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    position = models.TextField(default="", help_text="The last entry that was written.")
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often the next part was begun."
    )
    attempted_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "export"
        indexes = [
            models.Index(
                fields=["id"],
                name="export_open",
                condition=models.Q(finished_at=None, failed_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.filter_in_words
