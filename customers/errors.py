"""The error of an action that is refused, and the checks that raise it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Protocol

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from customers import storable

CLOCK_SKEW = timedelta(minutes=5)
"""How far a till's or a phone's clock may differ from ours. A clock that nobody sets drifts by
minutes in a year; a larger difference is a wrong time zone or day."""


class ActionRefused(Exception):
    """An action that does not fit the present state of the records. Nothing was changed.

    `message` is a sentence for the person at the counter. `code` is stable, for programs. `field`
    names the argument at fault, or is None when the state of the records is at fault.
    """

    def __init__(self, message: str, code: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.field = field


ARGUMENT_NOUNS = {"by": "employee", "sold_by": "employee"}
"""Nouns for the arguments whose names are not nouns themselves."""


class HasTenant(Protocol):
    def tenant_id(self) -> int | None: ...


def refuse_other_business(business_id: int, **records: HasTenant | None) -> None:
    """Refuse records of another business than the one whose record an action changes."""
    for name, record in records.items():
        if record is not None and record.tenant_id() != business_id:
            raise ActionRefused(
                f"This {ARGUMENT_NOUNS.get(name, name)} belongs to another business.",
                "other_business",
                name,
            )


def refuse_unstorable(**texts: str) -> None:
    """Refuse texts that the database cannot store or that cannot be sent."""
    for name, reason in storable.problems(texts).items():
        raise ActionRefused(reason, "invalid", name)


def checked_time(at: datetime | None, field: str = "at") -> datetime:
    """Return `at` in UTC, or the current time when it is None.

    A phone that was offline may report late. A time up to CLOCK_SKEW ahead of our clock becomes the
    current time; a later one is refused.
    """
    now = timezone.now()
    if at is None:
        return now
    if timezone.is_naive(at):
        raise ActionRefused(
            "Add the time zone to this time, for example 2026-03-02T12:00:00Z.", "naive_time", field
        )
    if at > now + CLOCK_SKEW:
        raise ActionRefused(
            f"This time is in the future. {check_the_clock(now)}", "future_time", field
        )
    # In UTC: in the hour that comes twice in autumn, Python never treats a time of that zone as
    # equal to a time of another zone.
    return min(at.astimezone(UTC), now)


def not_before(at: datetime, earliest: datetime, event: str, field: str = "at") -> datetime:
    """Return `at`, or `earliest` when two clocks that differ put `at` before it.

    More than CLOCK_SKEW is refused. When `earliest` is ahead of our clock, as after a change of
    that clock, the present is early enough.
    """
    now = timezone.now()
    if min(earliest, now) - at > CLOCK_SKEW:
        raise ActionRefused(
            f"This time is before the {event} ({in_utc(earliest)}). Give a later time. "
            f"{check_the_clock(now)}",
            "time_out_of_order",
            field,
        )
    return max(at, earliest)


def check_the_clock(now: datetime) -> str:
    """Return the advice for a time that cannot be right, with our time to compare with."""
    return f"The server's time is {in_utc(now)}: check the device's clock."


def in_utc(at: datetime) -> str:
    """Return the time as clients write it, to the second: `2026-03-02T12:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


@contextmanager
def refused_if_taken(constraint: str, refusal: ActionRefused) -> Iterator[None]:
    """Raise `refusal` when the database says that the unique `constraint` is violated.

    The database decides which of two simultaneous calls was first.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise refusal from error


@contextmanager
def refused_within(path: str) -> Iterator[None]:
    """Name the fields of refusals from the whole call on, as in `new_orders[2].number`."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field is not None:
            refusal.field = f"{path}.{refusal.field}"
        raise


@contextmanager
def refused_if_invalid() -> Iterator[None]:
    """Turn the first error of a record's own validation into a refusal that names the field."""
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
