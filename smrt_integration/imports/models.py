"""Imports: whose file, how its columns are understood, how far it is read, and each line's outcome.

The position in the file is written in the transaction that writes the customers of a chunk. So a
worker that is killed leaves neither half a chunk nor one that is imported twice.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Final

from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import models

from customers.models import Business
from customers.models.public_id import HasPublicId

IMPORT_RETENTION: Final = timedelta(days=1)
"""Long enough to correct refused lines. Files and lines have names and email addresses, so they are
kept no longer."""
IMPORTS_STORAGE: Final = "imports"
"""In the setting STORAGES."""


def import_storage() -> Storage:
    return storages[IMPORTS_STORAGE]


def stored_name(customer_import: "CustomerImport", file_name: str) -> str:
    """Return a name that nobody can guess. The user's own name may be anything."""
    return f"{secrets.token_hex(16)}.{customer_import.kind}"


class CustomerImport(HasPublicId):
    """A file of customers of one business, and how far it is imported.

    A worker that writes a chunk holds the lease: only while `lease_token` is still its own may it
    write.
    """

    class Kind(models.TextChoices):
        CSV = "csv", "CSV"
        NDJSON = "ndjson", "NDJSON"

    class State(models.TextChoices):
        COLUMNS = "columns", "Waits for its columns"
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        PAUSED = "paused", "Paused"
        CANCELED = "canceled", "Canceled"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"

    class DayOrder(models.TextChoices):
        """How a date such as 03/04/2026 is read. One that begins with the year is always clear."""

        DAY_FIRST = "dmy", "Day first: 27/03/2026"
        MONTH_FIRST = "mdy", "Month first: 03/27/2026"

    business = models.ForeignKey(Business, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    requested_by_name = models.CharField(
        max_length=150, help_text="A user, an API key or a command, in words."
    )
    requested_at = models.DateTimeField()
    kind = models.CharField(max_length=6, choices=Kind)
    file = models.FileField(storage=import_storage, upload_to=stored_name, max_length=100)
    file_name = models.CharField(max_length=255, help_text="As its user calls it.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    encoding = models.CharField(max_length=16, help_text="A name of Python's, such as utf-8.")
    delimiter = models.CharField(max_length=1, blank=True, help_text="Empty for NDJSON.")
    day_order = models.CharField(max_length=3, choices=DayOrder)
    assigned = models.JSONField(
        default=list, help_text="Pairs of a heading and its field, in the order of the file."
    )
    is_dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.COLUMNS)
    failure = models.TextField(blank=True, help_text="Why it failed, as a sentence.")

    position = models.PositiveBigIntegerField(
        default=0, help_text="The byte at which the next line begins."
    )
    lines = models.PositiveBigIntegerField(
        default=0, help_text="Lines that were read, without the headings and empty lines."
    )
    line_number = models.PositiveBigIntegerField(
        default=0, help_text="The line of the file that was read last. A quoted line break counts."
    )
    created = models.PositiveBigIntegerField(default=0)
    updated = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    probable_duplicates = models.PositiveBigIntegerField(default=0)
    postponed = models.PositiveIntegerField(
        default=0, help_text="Lines whose customer was being changed. They are tried again."
    )

    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="How often the next chunk was begun."
    )
    attempted_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, help_text="Finished, failed or canceled.")

    class Meta:
        verbose_name = "import of customers"
        verbose_name_plural = "imports of customers"
        indexes = [
            models.Index(
                fields=["id"],
                name="import_open",
                condition=models.Q(state__in=("waiting", "running")),
            ),
            models.Index(fields=["business", "-id"], name="import_by_business"),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def columns(self) -> dict[str, str]:
        """The field of each heading, in the order of the file. "" is a column that is not read."""
        return dict(self.assigned)

    @columns.setter
    def columns(self, columns: Mapping[str, str]) -> None:
        self.assigned = [list(pair) for pair in columns.items()]

    def open_file(self) -> IO[bytes]:
        """Open the stored file. Raises FileNotFoundError."""
        return self.file.storage.open(str(self.file.name))

    @property
    def percent(self) -> int:
        """How much of the file was read, from 0 to 100. It is 100 only at the end."""
        if self.state == self.State.FINISHED:
            return 100
        return min(99, 100 * self.position // self.size) if self.size else 0


class ImportLine(models.Model):
    """What happened to one line. Of a dry run: what would happen."""

    class Outcome(models.TextChoices):
        CREATED = "created", "New customer"
        UPDATED = "updated", "Changed"
        UNCHANGED = "unchanged", "Nothing to change"
        REFUSED = "refused", "Refused"
        POSTPONED = "postponed", "Tried again later"

    customer_import = models.ForeignKey(
        CustomerImport, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    number = models.PositiveBigIntegerField(help_text="The line of the file, from 1.")
    external_id = models.TextField(blank=True, help_text="Empty if the line was refused.")
    outcome = models.CharField(max_length=9, choices=Outcome)
    reason = models.TextField(blank=True, help_text="Why it was refused, or what changes.")
    duplicate_of = models.TextField(
        blank=True, help_text="Another customer with the same phone or email, in words."
    )
    raw = models.TextField(blank=True, help_text="The line itself, if it was refused.")
    phone = models.TextField(blank=True, help_text="Of a dry run, to find probable duplicates.")
    email = models.TextField(blank=True, help_text="Of a dry run, to find probable duplicates.")

    class Meta:
        verbose_name = "line of an import"
        verbose_name_plural = "lines of an import"
        constraints = [
            models.UniqueConstraint(fields=["customer_import", "number"], name="import_line_once"),
            # A line with the id of an earlier one is refused.
            models.UniqueConstraint(
                fields=["customer_import", "external_id"],
                name="import_external_id_once",
                condition=~models.Q(external_id=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer_import", "outcome", "number"], name="import_line_by_outcome"
            ),
            models.Index(
                fields=["customer_import", "number"],
                name="import_line_duplicate",
                condition=~models.Q(duplicate_of=""),
            ),
            models.Index(
                fields=["customer_import", "phone"],
                name="import_line_by_phone",
                condition=~models.Q(phone=""),
            ),
            models.Index(
                fields=["customer_import", "email"],
                name="import_line_by_email",
                condition=~models.Q(email=""),
            ),
        ]

    def __str__(self) -> str:
        return f"Line {self.number}"
