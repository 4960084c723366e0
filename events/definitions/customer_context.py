"""What a definition needs to know about one customer to say what comes next: plain values.

Pure; `events.timeline.context` reads the values.
"""

from dataclasses import dataclass
from datetime import datetime

from customers.business_clock import BusinessClock


@dataclass(frozen=True, slots=True)
class CountedVisit:
    """The visit that counted on a day. `how` says how it came about, such as "by a driver"."""

    at: datetime
    how: str


@dataclass(frozen=True, slots=True)
class Absence:
    """How long the customer has been away.

    `since` is the last visit (`visited`) or the signup, `limit` the business's limit in days for
    the `frequency`. `found_at` is when the sweep found the customer lost, counted from `since`.
    `enabled_at` is when the integration was switched on, None while it is off.
    """

    since: datetime
    visited: bool
    frequency: str
    limit: int
    found_at: datetime | None = None
    enabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Birthdays:
    """The customer's birthday, and what decides when its event is sent.

    `field` is the name of the custom field that the owner chose, None without one. `value` is what
    the customer has in that field, entered at `entered_at`. `hour` is the local hour from which the
    event is sent. Birthdays before `since` are not sent; it is None while the integration is off.
    `celebrated` holds the years in which the event was recorded.
    """

    field: str | None
    value: str = ""
    entered_at: datetime | None = None
    hour: int = 9
    since: datetime | None = None
    celebrated: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CustomerContext:
    """One customer at one moment. `visit_today` is the visit that counted today, if any."""

    customer_id: int
    clock: BusinessClock
    now: datetime
    absence: Absence
    birthdays: Birthdays
    visit_today: CountedVisit | None = None
