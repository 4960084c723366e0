"""Add an import: keep its file and recognize its columns.

No transaction is open while a file is copied, however long it is. A file of which no import came
to be, as its process was killed, is deleted within a day (`delete_old`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from tempfile import TemporaryFile
from typing import IO, Final, NamedTuple

import django.core.files
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from customers import storable
from customers.errors import ActionRefused
from customers.models import Business
from smrt_integration.api.models import ApiKey
from smrt_integration.imports.control import FILE_GONE, OPEN_STATES, start
from smrt_integration.imports.inspect_file import EXAMPLES, inspect_file, open_reader
from smrt_integration.imports.keep_file import copy_as_text
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.recognize import checked_columns, recognize

DayOrder = CustomerImport.DayOrder

MAX_OPEN_IMPORTS: Final = 5
"""Of one business. One runs at a time, so more would only wait and fill the disk."""
LINES_WITH_EXAMPLES: Final = 20


class FileColumn(NamedTuple):
    """A column of the file, with the field that it is assigned to ("" is none)."""

    heading: str
    field: str
    examples: list[str]


def create_import(
    business: Business,
    file: IO[bytes],
    name: str,
    kind: str,
    by: User | ApiKey | None,
    dry_run: bool,
    columns: Mapping[str, str] | None = None,
) -> CustomerImport:
    """Keep the file and add its import. It waits for its columns until it is started.

    The arguments are those of `keep_import`. Raises ActionRefused, and then keeps nothing.
    """
    kept = keep_import(business, file, name, kind, by, dry_run, columns)
    with file_deleted_if_refused(kept):
        add_import(kept)
    return kept


def create_and_start(
    business: Business,
    file: IO[bytes],
    name: str,
    kind: str,
    by: User | ApiKey | None,
    dry_run: bool,
    columns: Mapping[str, str] | None = None,
) -> CustomerImport:
    """Keep the file and start its import at once. Raises ActionRefused, and then keeps nothing."""
    kept = keep_import(business, file, name, kind, by, dry_run, columns)
    with file_deleted_if_refused(kept):
        add_and_start(kept)
    return kept


def keep_import(
    business: Business,
    file: IO[bytes],
    name: str,
    kind: str,
    by: User | ApiKey | None,
    dry_run: bool,
    columns: Mapping[str, str] | None = None,
) -> CustomerImport:
    """Keep the file. Returns its import, which is not stored in the database yet.

    Call it outside a transaction: it takes as long as the file takes to arrive. `file` is read
    once, piece by piece. `by` is None for a command. `columns` has the field of each heading;
    without it, those that are recognized are assigned, and `start` needs an external ID among them.
    Raises ActionRefused for a file that cannot be imported at all, and then keeps nothing.
    """
    _refuse_too_many(business)
    with TemporaryFile() as copy:
        kept = copy_as_text(file, copy)
        inspected = inspect_file(copy, kept.encoding, kind)
        assigned = (
            recognize(business, inspected.headings)
            if columns is None
            else checked_columns(business, inspected.headings, columns)
        )
        customer_import = CustomerImport(
            business=business,
            requested_by=by if isinstance(by, User) else None,
            requested_by_name=_in_words(by),
            requested_at=Now(),
            kind=kind,
            file_name=storable.UNSTORABLE.sub("", name)[:255] or "customers",
            size=kept.size,
            encoding=kept.encoding,
            delimiter=inspected.delimiter,
            day_order=DayOrder.MONTH_FIRST if business.clock.is_month_first else DayOrder.DAY_FIRST,
            assigned=[list(pair) for pair in assigned.items()],
            is_dry_run=dry_run,
            position=inspected.position,
            line_number=inspected.line_number,
        )
        copy.seek(0)
        customer_import.file.save("", django.core.files.File(copy), save=False)
    return customer_import


@transaction.atomic
def add_import(kept: CustomerImport) -> None:
    """Store the import whose file was kept. Raises ActionRefused if too many are open by now."""
    _refuse_too_many(kept.business)
    kept.save()
    kept.refresh_from_db()


@transaction.atomic
def add_and_start(kept: CustomerImport) -> None:
    """Store the import and start it. Raises ActionRefused, and then stores nothing."""
    add_import(kept)
    start(kept)


@contextmanager
def file_deleted_if_refused(kept: CustomerImport) -> Iterator[None]:
    """Delete the kept file when the block raises ActionRefused.

    After any other error the import may be stored all the same, so `delete_old` looks for it.
    """
    try:
        yield
    except ActionRefused:
        kept.file.delete(save=False)
        raise


def recognize_columns(customer_import: CustomerImport) -> list[FileColumn]:
    """Return the columns of the file, each with its field and some of its values."""
    examples: dict[str, list[str]] = {heading: [] for heading in customer_import.columns}
    try:
        with customer_import.open_file() as file:
            for line in islice(open_reader(customer_import, file), LINES_WITH_EXAMPLES):
                for heading, value in line.cells.items():
                    if len(found := examples.get(heading, [])) < EXAMPLES and value not in found:
                        found.append(value)
    except FileNotFoundError as error:
        raise ActionRefused(FILE_GONE, "gone") from error
    return [
        FileColumn(heading, field, examples[heading])
        for heading, field in customer_import.columns.items()
    ]


@transaction.atomic
def _refuse_too_many(business: Business) -> None:
    open_imports = CustomerImport.objects.filter(business=business, state__in=OPEN_STATES)
    if open_imports.count() >= MAX_OPEN_IMPORTS:
        raise ActionRefused(
            f"{MAX_OPEN_IMPORTS} imports are open already. Cancel one, or wait until one is done.",
            "too_many_imports",
        )


def _in_words(by: User | ApiKey | None) -> str:
    if by is None:
        return "a command"
    name = f"API key {by.name}" if isinstance(by, ApiKey) else by.get_username()
    return name[:150]
