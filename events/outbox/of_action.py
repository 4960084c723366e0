"""Record what the saves of one action mean: once at its end, not once for each save."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from django.db import DatabaseError

from customers.models.action import current_action
from events.identify import IDENTIFY
from events.occurrences import Lookup, Occurrence, Related
from events.outbox import switched_off
from events.outbox.record import record

log = structlog.get_logger(__name__)

MAX_OCCURRENCES: Final = 4
"""Of one statement, besides an identify. PostgreSQL plans a statement for each number and kind of
them, a few times on each connection. Most actions have one or two, and a longer statement for every
number of returned items would be planned more often than it is used."""

OF_SAVED_ROW: Final[frozenset[Related]] = frozenset({"price_of_item", "total_of_order"})
"""Lookups in rows that actions save."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a save means: occurrences, and with `identify_at` that the customer's traits changed."""

    business_id: int
    customer_id: int
    occurrences: Sequence[Occurrence]
    identify_at: datetime | None

    def names(self) -> list[str]:
        names = [occurrence.event for occurrence in self.occurrences]
        return names if self.identify_at is None else [*names, IDENTIFY]


def record_with_action(meaning: Meaning) -> None:
    """Record it at the end of the action that the save is part of; without an action, now."""
    action = current_action()
    if action is None:
        _record(meaning)
        return
    action.put_off(meaning)
    if _must_be_recorded_now(meaning):
        record_meanings(action.take())


def _must_be_recorded_now(meaning: Meaning) -> bool:
    """Return whether a later save of the action could change a fact, as for F("total") + 1."""
    return any(
        isinstance(fact, Lookup) and fact.related in OF_SAVED_ROW
        for occurrence in meaning.occurrences
        for fact in occurrence.facts.values()
    )


def record_meanings(meanings: Iterable[Meaning]) -> None:
    """Record them in each customer's order, last an identify with the newest traits."""
    for meaning in _of_customers(meanings):
        if not switched_off.is_off(meaning.business_id, meaning.names()):
            for part in _parts(meaning):
                _record_what_can_be(part)


def _record_what_can_be(part: Meaning) -> None:
    """Record it. After a bug in one event's facts, record the others."""
    try:
        _record(part)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the action goes on
        if len(part.occurrences) > 1:
            for one in _parts(part, 1):
                _record_what_can_be(one)
        else:
            log.error("recording_failed", events=part.names(), error=type(error).__name__)  # noqa: TRY400


def _of_customers(meanings: Iterable[Meaning]) -> Iterator[Meaning]:
    """Yield one meaning for each customer."""
    by_customer: dict[int, list[Meaning]] = {}
    for meaning in meanings:
        by_customer.setdefault(meaning.customer_id, []).append(meaning)
    for customer_id, several in by_customer.items():
        occurrences = [occurrence for one in several for occurrence in one.occurrences]
        times = [one.identify_at for one in several if one.identify_at]
        identify_at = times[-1] if times else None
        yield Meaning(several[0].business_id, customer_id, occurrences, identify_at)


def _parts(meaning: Meaning, most: int = MAX_OCCURRENCES) -> Iterator[Meaning]:
    """Divide the occurrences into parts of so many at most. The last part has the identify."""
    total = len(meaning.occurrences)
    for start in range(0, total or 1, most):
        end = start + most
        yield replace(
            meaning,
            occurrences=meaning.occurrences[start:end],
            identify_at=meaning.identify_at if end >= total else None,
        )


def _record(meaning: Meaning) -> None:
    if not record(meaning.customer_id, meaning.occurrences, meaning.identify_at):
        switched_off.suspect(meaning.business_id)
