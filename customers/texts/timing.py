"""When texts are sent, and how long a reply counts, on the business's clock. Pure.

`now` is a point in time in any time zone.
"""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

EARLIEST_HOUR: Final = 12
"""Before noon today's van may not have come yet, so a text about tomorrow would confuse."""
END_OF_EVENING: Final = 21
"""The law of the United States (TCPA) forbids texts of this kind after 9 pm."""
FIRST_TEXT_BACKOFF: Final = timedelta(seconds=30)
"""A busy Twilio usually takes texts again within a minute."""
TEXT_BACKOFF_CEILING: Final = timedelta(minutes=10)
"""A text has at least one hour to be sent in: a longer wait could use up that hour."""
REPLY_COUNTS_FOR: Final = timedelta(days=7)
"""A "No" that comes later after the last text is about something else."""


class SendingWindow(NamedTuple):
    """The evening's texts are about pickups on `pickup_date`; none is sent from `ends_at` on."""

    pickup_date: date
    ends_at: datetime


def sending_window(now: datetime, time_zone: str, hour: int) -> SendingWindow | None:
    """Return the window that `now` lies in: from the business's `hour` to the end of the evening.

    A run that was missed is made up for until the evening ends.
    """
    local = now.astimezone(ZoneInfo(time_zone))
    if not hour <= local.hour < END_OF_EVENING:
        return None
    return SendingWindow(
        local.date() + timedelta(days=1),
        local.replace(hour=END_OF_EVENING, minute=0, second=0, microsecond=0),
    )


def has_van_left(pickup_date: date, now: datetime, time_zone: str, van_leaves: int) -> bool:
    """Return whether the van for the pickups of that day has left, at the hour `van_leaves`."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.date() > pickup_date or (local.date() == pickup_date and local.hour >= van_leaves)


def text_backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """Return how long to wait after so many failed attempts.

    At least as long as Twilio asked for (`retry_after`, in seconds), but at most a day.
    """
    doubled = FIRST_TEXT_BACKOFF * (1 << min(max(attempts - 1, 0), 10))
    return max(min(doubled, TEXT_BACKOFF_CEILING), timedelta(seconds=min(retry_after or 0, 86_400)))
