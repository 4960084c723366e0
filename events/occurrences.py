"""An occurrence as a save describes it, without asking the database. Pure."""

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
"""What a fact can be looked up in: the keys of `events.outbox.record.LOOKUP_QUERIES`."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A fact that another row holds.

    The statement that records the occurrence reads the fact, so it was true at that moment.
    """

    related: Related
    id: int | None


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event happened once.

    `subject_id` is the id of the row that the event is about; `facts` holds JSON values and
    `Lookup`s.
    """

    event: str
    subject_id: int
    occurred_at: datetime
    facts: Mapping[str, Any]
