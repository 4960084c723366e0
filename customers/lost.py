"""When a customer counts as lost (contract, section 2): the rule in Python, and the same in SQL.

The sweep finds lost customers with the SQL; a preview and the timeline use the functions. A test
compares the two on random dates and time zones.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from customers.zones import local_day

DEFAULT_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {"weekly": 14, "bi-weekly": 31, "monthly": 62, "irregular": 92, "unknown": 92}
)
"""Visit frequency -> days without a visit that are allowed, unless a business sets its own."""

ABSENT_SINCE_SQL: Final = "GREATEST({customer}.last_visit, {customer}.created_at)"
LOST_ON_SQL: Final = "({since} AT TIME ZONE {time_zone})::date + {limit} + 1"


def absent_since(last_visit: datetime | None, created_at: datetime) -> datetime:
    """Return the time of the last visit, or of the signup when no visit came after it."""
    return created_at if last_visit is None else max(last_visit, created_at)


def lost_on(since: datetime, time_zone: str, limit: int) -> date:
    """Return the first local day on which a customer who is absent since then counts as lost."""
    return local_day(since, time_zone) + timedelta(days=limit + 1)
