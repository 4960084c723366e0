"""When a customer counts as lost (contract, section 2)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from customers.zones import local_day

DEFAULT_LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {"weekly": 14, "bi-weekly": 31, "monthly": 62, "irregular": 92, "unknown": 92}
)
"""Days without a visit that each visit frequency allows, where a business sets no limits of its own."""


def days_since(last: datetime, now: datetime, time_zone: str) -> int:
    """The days, as the business counts them, from the day of `last` to that of `now`."""
    return (local_day(now, time_zone) - local_day(last, time_zone)).days


def is_lost(last: datetime, now: datetime, time_zone: str, limit: int) -> bool:
    """Whether the customer, who was last seen at `last` (or signed up then), stayed away for more than `limit` days."""
    return days_since(last, now, time_zone) > limit
