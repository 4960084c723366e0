"""Assign the columns of an import, and start, pause, resume and cancel it.

A worker looks at the state before each chunk, so a change applies within about a second.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from customers.errors import ActionRefused
from events import wake
from smrt_integration.imports.inspect_file import inspect_file
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.recognize import checked_columns

State = CustomerImport.State
FILE_GONE: Final = "Its file was deleted. Choose the file again."
RUNS: Final = (State.WAITING, State.RUNNING)
OPEN_STATES: Final = (State.COLUMNS, *RUNS, State.PAUSED)
"""States from which an import may still write customers."""


def assign_columns(
    customer_import: CustomerImport, columns: Mapping[str, str], day_order: str = ""
) -> None:
    """Set the field of each heading, and how dates are read. "" is a column that is not read.

    Raises ActionRefused for columns that cannot be, or when the import has begun.
    """
    checked = checked_columns(customer_import.business, [*customer_import.columns], columns)

    def assign(locked: CustomerImport) -> None:
        locked.columns = checked
        locked.day_order = CustomerImport.DayOrder(day_order or locked.day_order)

    _change(
        customer_import,
        (State.COLUMNS,),
        assign,
        "The import has begun. Cancel it and import the file again to assign other columns.",
    )


def start(customer_import: CustomerImport) -> None:
    """Let workers run the import, or its dry run. Raises ActionRefused if its columns are wrong."""

    def begin(locked: CustomerImport) -> None:
        locked.columns = checked_columns(locked.business, [*locked.columns], locked.columns)
        locked.state = State.WAITING

    _change(customer_import, (State.COLUMNS,), begin, "The import has begun already.")


def import_after_dry_run(dry_run: CustomerImport) -> CustomerImport:
    """Import the file of a dry run, with the same columns. Returns the new import, which waits.

    Raises ActionRefused if it is no dry run, or its file was deleted.
    """
    if not dry_run.is_dry_run:
        raise ActionRefused("This is no dry run.", "wrong_state")
    try:
        with dry_run.open_file() as file:
            begins = inspect_file(file, dry_run.encoding, dry_run.kind)
    except FileNotFoundError as error:
        raise ActionRefused(FILE_GONE, "gone") from error
    with transaction.atomic():
        new = CustomerImport.objects.create(
            business=dry_run.business,
            requested_by=dry_run.requested_by,
            requested_by_name=dry_run.requested_by_name,
            requested_at=Now(),
            position=begins.position,
            line_number=begins.line_number,
            **{name: getattr(dry_run, name) for name in TAKEN_OVER},
        )
        start(new)
    return new


def pause(customer_import: CustomerImport) -> None:
    """Stop after the chunk in progress. Raises ActionRefused if the import does not run."""
    _set_state(customer_import, RUNS, State.PAUSED, "The import is not running.")


def resume(customer_import: CustomerImport) -> None:
    """Go on where the import was paused, or failed. Raises ActionRefused if it was not."""
    _set_state(
        customer_import, (State.PAUSED, State.FAILED), State.WAITING, "The import is not paused."
    )


def cancel(customer_import: CustomerImport) -> None:
    """End the import. What was imported stays. Raises ActionRefused if it has ended."""
    _set_state(customer_import, OPEN_STATES, State.CANCELED, "The import has ended already.")


TAKEN_OVER: Final = (
    "kind",
    "file",
    "file_name",
    "size",
    "encoding",
    "delimiter",
    "day_order",
    "assigned",
)


def _set_state(
    customer_import: CustomerImport, of: Collection[str], state: State, refusal: str
) -> None:
    def change(locked: CustomerImport) -> None:
        locked.state = state

    _change(customer_import, of, change, refusal)


@transaction.atomic
def _change(
    customer_import: CustomerImport,
    of: Collection[str],
    change: Callable[[CustomerImport], None],
    refusal: str,
) -> None:
    """Change the locked import if its state is one of these."""
    imports = CustomerImport.objects.select_for_update(of=("self",), no_key=True)
    locked = imports.select_related("business").filter(pk=customer_import.pk).first()
    if locked is None:
        raise ActionRefused("This import was deleted in the meantime.", "gone")
    if locked.state not in of:
        raise ActionRefused(refusal, "wrong_state")
    change(locked)
    if locked.state == State.WAITING:
        locked.failure, locked.attempts = "", 0
        wake.import_customers_after_commit()
    locked.ended_at = Now() if locked.state == State.CANCELED else None
    locked.save(update_fields=["assigned", "day_order", "state", "failure", "attempts", "ended_at"])
    customer_import.refresh_from_db()
