"""The clock of the request in progress: of the one business that its page is about.

Django reads and shows times in the active time zone. An owner's pages use the business's clock
from the start. For a user of several businesses, a page about one record uses that record's.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from customers.business_clock import BusinessClock

_in_use: ContextVar[BusinessClock | None] = ContextVar("clock_in_use", default=None)


def clock_in_use() -> BusinessClock | None:
    return _in_use.get()


def use_clock(clock: BusinessClock) -> None:
    """Use the clock for the rest of this request."""
    timezone.activate(ZoneInfo(clock.time_zone))
    _in_use.set(clock)


def on_page(clock: BusinessClock) -> BusinessClock:
    """Return the clock; unless it is the page's own, one that names the zone beside each time."""
    return clock if clock_in_use() == clock else replace(clock, names_zone=True)


def hour_choices(hours: Iterable[int], clock: BusinessClock) -> list[tuple[int, str]]:
    """Return hours of the day as a form offers them."""
    return [(hour, clock.hour(hour)) for hour in hours]


def day_in_words(record: Any, at: date) -> str:
    """Write a day, or the day of a moment, in the name of a record of a business."""
    clock: BusinessClock = clock_in_use() or record.business.clock
    return clock.day(clock.day_of(at) if isinstance(at, datetime) else at)


def forget_clock() -> None:
    timezone.deactivate()
    _in_use.set(None)
