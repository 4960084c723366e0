"""A filter for the messages of businesses, which an owner's list, an export or a resend uses."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from events.send_log.resendable import RESENDABLE_EVENTS


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a search matched. It is false when it matched nothing.

    Either `customers`, or the customers and the `subjects` (event, id) of an order, or the one
    `message_id`. `more`: more customers match than are listed.
    """

    customers: tuple[int, ...] = ()
    message_id: str = ""
    subjects: tuple[tuple[str, int], ...] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.customers or self.message_id)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Conditions on messages. Days are each business's own.

    In the send log they are the days on which the outcome was known, in the outbox those on which
    the event happened. `businesses` is None for all, including deleted ones. `brand_id` is 0 for
    customers without a brand, and None for all.
    """

    businesses: tuple[int, ...] | None
    event: str = ""
    outcome: str = ""
    brand_id: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    search_result: SearchResult | None = None
    resendable: bool = False
    """Only messages that can be sent again, by event and outcome."""

    def as_json(self) -> dict[str, Any]:
        days = {
            "first_day": self.first_day and self.first_day.isoformat(),
            "last_day": self.last_day and self.last_day.isoformat(),
        }
        return {**asdict(self), **days}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the filter that `as_json` wrote."""
        days = {
            name: date.fromisoformat(data[name]) if data[name] else None
            for name in ("first_day", "last_day")
        }
        businesses = None if data["businesses"] is None else tuple(data["businesses"])
        result = _search_result(data["search_result"])
        return cls(**{**data, **days, "businesses": businesses, "search_result": result})

    def params(self) -> dict[str, Any]:
        """Return parameters for statements. None, or empty, means: any."""
        result = self.search_result or SearchResult()
        return {
            "businesses": None if self.businesses is None else list(self.businesses),
            "event": self.event or None,
            "outcome": self.outcome or None,
            "brand": self.brand_id,
            "first_day": self.first_day,
            "last_day": self.last_day,
            "resendable": list(RESENDABLE_EVENTS) if self.resendable else None,
            "customers": list(result.customers),
            "message_id": result.message_id,
            "subject_events": [event for event, _ in result.subjects],
            "subject_ids": [subject for _, subject in result.subjects],
        }


def _search_result(data: Mapping[str, Any] | None) -> SearchResult | None:
    if data is None:
        return None
    subjects = tuple((event, subject) for event, subject in data["subjects"])
    return SearchResult(tuple(data["customers"]), data["message_id"], subjects, data["more"])
