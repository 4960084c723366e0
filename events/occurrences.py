"""What a save can tell of an event without asking the database: plain values, and lookups that the recording statement resolves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Related = Literal[
    "agent",
    "brand_of_customer",
    "currency_of_business",
    "department",
    "discount",
    "employee",
    "price_of_item",
    "total_of_order",
]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A fact that stands in another row: read by the very statement that records the event, so it is what was true at that moment."""

    related: Related
    id: int | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event that happened. `subject_id` is the row it is about; `facts` hold JSON values and `Lookup`s."""

    event: str
    subject_id: int
    occurred_at: datetime
    facts: Mapping[str, Any]
