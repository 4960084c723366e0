"""What of a business's messages is meant: the filter of an owner's list, of an export, and of a request to send again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from events.send_log.resendable import SENDABLE


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search came to: the customers, the one message, or the rows (event, id) of an order. `more` says that more customers match
    than are told. Empty when there is nothing of the kind."""

    customers: tuple[int, ...] = ()
    message_id: str = ""
    subjects: tuple[tuple[str, int], ...] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.customers or self.message_id)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """`businesses` is None for all there are, also those that are gone. Days are each business's own: of the send log those on which the
    outcome was known, of what waits those on which it happened. `brand_id` is 0 for customers without a brand, None for all."""

    businesses: tuple[int, ...] | None
    event: str = ""
    outcome: str = ""
    brand_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    found: SearchResult | None = None
    sendable: bool = False
    """Only what can be sent again, by its kind."""

    def as_json(self) -> dict[str, Any]:
        days = {
            "first_day": self.first_day and self.first_day.isoformat(),
            "last_day": self.last_day and self.last_day.isoformat(),
        }
        return {**asdict(self), **days}

    @classmethod
    def of_json(cls, kept: Mapping[str, Any]) -> Self:
        days = {
            name: date.fromisoformat(kept[name]) if kept[name] else None
            for name in ("first_day", "last_day")
        }
        businesses = None if kept["businesses"] is None else tuple(kept["businesses"])
        return cls(**{**kept, **days, "businesses": businesses, "found": _found(kept["found"])})

    def params(self) -> dict[str, Any]:
        """For statements; without a condition, None."""
        found = self.found or SearchResult()
        return {
            "businesses": None if self.businesses is None else list(self.businesses),
            "event": self.event or None,
            "outcome": self.outcome or None,
            "brand": self.brand_id,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "sendable": list(SENDABLE) if self.sendable else None,
            "customers": list(found.customers),
            "message_id": found.message_id,
            "subject_events": [event for event, _ in found.subjects],
            "subject_ids": [subject for _, subject in found.subjects],
        }


def _found(kept: Mapping[str, Any] | None) -> SearchResult | None:
    if kept is None:
        return None
    subjects = tuple((event, subject) for event, subject in kept["subjects"])
    return SearchResult(tuple(kept["customers"]), kept["message_id"], subjects, kept["more"])
