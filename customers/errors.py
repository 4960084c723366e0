"""How an action says no."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Protocol

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

CLOCK_SKEW = timedelta(seconds=5)
"""How far a phone's clock may be ahead of ours: more than synchronised clocks ever are, less than anyone would notice."""


class ActionRefused(Exception):
    """An action that makes no sense in the present state of the records. Nothing was changed.

    `message` is a sentence for the person at the counter; `code` is stable, for programs; `field` names the argument at fault, if one is.
    """

    def __init__(self, message: str, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


ARGUMENT_NOUNS = {"by": "employee", "sold_by": "employee"}
"""What arguments stand for whose names do not say it."""


class HasTenant(Protocol):
    def tenant_id(self) -> int | None: ...


def refuse_other_business(business_id: int, **records: HasTenant | None) -> None:
    """Refuse what belongs to another business than the record that an action changes."""
    for name, record in records.items():
        if record is not None and record.tenant_id() != business_id:
            raise ActionRefused(
                f"This {ARGUMENT_NOUNS.get(name, name)} belongs to another business.",
                "other_business",
                name,
            )


def checked_time(at: datetime | None, field: str = "at") -> datetime:
    """When something happened: `at`, which a phone that was offline may report late but not early, or else now."""
    now = timezone.now()
    if at is None:
        return now
    if timezone.is_naive(at):
        raise ActionRefused("Give the time together with its time zone.", "naive_time", field)
    if at > now + CLOCK_SKEW:
        raise ActionRefused("This time lies in the future.", "future_time", field)
    # In UTC: in the hour that a zone goes through twice, Python takes a time for different from the same time in any other zone.
    return min(at.astimezone(UTC), now)


def refuse_time_before(at: datetime, earliest: datetime, event: str) -> None:
    if at < earliest:
        raise ActionRefused(f"This time lies before the {event}.", "time_out_of_order", "at")


@contextmanager
def refused_if_taken(constraint: str, refusal: ActionRefused) -> Iterator[None]:
    """Let the database decide who was first: whoever violates the unique `constraint` gets the `refusal`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise refusal from error


@contextmanager
def refused_if_invalid() -> Iterator[None]:
    """Turn the first complaint of a record's own checks into a refusal that names the field."""
    try:
        yield
    except ValidationError as error:
        _refuse_invalid(error)


def _refuse_invalid(error: ValidationError) -> NoReturn:
    if not hasattr(error, "error_dict"):
        raise ActionRefused(
            error.messages[0], error.code if hasattr(error, "code") and error.code else "invalid"
        ) from error
    field, messages = next(iter(error.message_dict.items()))
    raise ActionRefused(
        messages[0], "invalid", None if field == NON_FIELD_ERRORS else field
    ) from error
