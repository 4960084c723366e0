"""When texts leave, and until when an answer counts. On the business's clock; `now` is any instant."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

EARLIEST_HOUR: Final = 12
"""A text about tomorrow makes no sense before noon: today's van may not have come by yet."""
END_OF_EVENING: Final = 21
"""The law of the United States (TCPA) forbids texts of this kind from nine in the evening on, and nobody elsewhere likes them."""
FIRST_TEXT_BACKOFF: Final = timedelta(seconds=30)
TEXT_BACKOFF_CEILING: Final = timedelta(minutes=10)
"""There are at most nine hours to get a text out, at least one."""
REPLY_COUNTS_FOR: Final = timedelta(days=7)
"""A "No" that comes later than this after the last text is about something else."""


class SendingWindow(NamedTuple):
    """The texts of one evening are about the pickups of `day`, and none leaves from `until` on."""

    day: date
    until: datetime


def sending_window(now: datetime, time_zone: str, hour: int) -> SendingWindow | None:
    """The evening in which `now` lies, once the business's `hour` has come: what was missed is made up for until the evening ends."""
    local = now.astimezone(ZoneInfo(time_zone))
    if not hour <= local.hour < END_OF_EVENING:
        return None
    return SendingWindow(
        local.date() + timedelta(days=1),
        local.replace(hour=END_OF_EVENING, minute=0, second=0, microsecond=0),
    )


def has_van_left(day: date, now: datetime, time_zone: str, van_leaves: int) -> bool:
    """Whether the van for the pickups of `day` has left, as it does at the hour `van_leaves`."""
    local = now.astimezone(ZoneInfo(time_zone))
    return local.date() > day or (local.date() == day and local.hour >= van_leaves)


def text_backoff(attempts: int, asked: float | None = None) -> timedelta:
    """Before the next attempt, after so many that failed; at least as long as Twilio `asked` for, in seconds."""
    doubled = FIRST_TEXT_BACKOFF * (1 << min(max(attempts - 1, 0), 10))
    return max(min(doubled, TEXT_BACKOFF_CEILING), timedelta(seconds=min(asked or 0, 86_400)))
