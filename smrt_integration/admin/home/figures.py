"""What a business sent in the last 30 days, read from the daily counts alone."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Sum

from customers.zones import local_day
from events import catalogue
from events.identify import IDENTIFY
from events.models import DailyCount, DailyDelay
from events.send_log import daily_counts
from events.time_in_words import duration
from events.timeline.sentences import title as event_title

DAYS_SHOWN: Final = 30
"""A month is what owners compare; the chart's columns stay wide enough for a phone."""
DELAY_COLUMNS: Final = ("bucket", "messages", "worst_ms")

OutcomeCounts = Counter[str]


def count_failed(counts: OutcomeCounts) -> int:
    return counts["rejected"] + counts["expired"]


@dataclass(frozen=True, slots=True)
class EventFigures:
    """`event` is the name in the log, `name` the one for people."""

    event: str
    name: str
    today: OutcomeCounts = field(default_factory=Counter)
    month: OutcomeCounts = field(default_factory=Counter)

    # Totals are not for the template to compute: there, `counts.total` looks up an outcome.
    @property
    def count_today(self) -> int:
        return self.today.total()

    @property
    def count_month(self) -> int:
        return self.month.total()

    @property
    def failed(self) -> int:
        return count_failed(self.month)


@dataclass(frozen=True, slots=True)
class Delay:
    """Milliseconds from an event to Segment's acceptance. The median is accurate to an eighth."""

    median: float
    worst: int

    @property
    def median_in_words(self) -> str:
        return f"about {in_words(self.median)}"

    @property
    def worst_in_words(self) -> str:
        return in_words(self.worst)


@dataclass(frozen=True, slots=True)
class Figures:
    today: OutcomeCounts
    month: OutcomeCounts
    days: list[tuple[date, OutcomeCounts]]
    """The last 30 days, oldest first; today is the last."""
    events: list[EventFigures]
    delay_today: Delay | None
    delay_month: Delay | None


def figures_of(business_id: int, today: date) -> Figures:
    """Return the figures of the 30 days that end today, with two queries."""
    since = today - timedelta(days=DAYS_SHOWN - 1)
    days = {since + timedelta(days=number): OutcomeCounts() for number in range(DAYS_SHOWN)}
    events = {event.name: EventFigures(event.name, event.name) for event in catalogue.EVENTS}
    events[IDENTIFY] = EventFigures(IDENTIFY, event_title(IDENTIFY))
    counts = DailyCount.objects.filter(business_id=business_id, day__range=(since, today))
    for day, event, outcome, messages in counts.values_list("day", "event", "outcome").annotate(
        sum=Sum("messages")
    ):
        days[day][outcome] += messages
        figures = events.setdefault(event, EventFigures(event, event))
        figures.month[outcome] += messages
        if day == today:
            figures.today[outcome] += messages
    delays = list(
        DailyDelay.objects.filter(business_id=business_id, day__range=(since, today)).values_list(
            "day", *DELAY_COLUMNS
        )
    )
    return Figures(
        today=days[today],
        month=sum(days.values(), OutcomeCounts()),
        days=list(days.items()),
        events=list(events.values()),
        delay_today=delay_of(row for day, *row in delays if day == today),
        delay_month=delay_of(row for _, *row in delays),
    )


def delay_of(rows: Iterable[Collection[int]]) -> Delay | None:
    """Return the delay from rows of DELAY_COLUMNS, or None when nothing was accepted."""
    times: Counter[int] = Counter()
    worst = 0
    for bucket, messages, worst_ms in rows:
        times[bucket] += messages
        worst = max(worst, worst_ms)
    return Delay(min(median(times), worst), worst) if times else None


def median(times: Counter[int]) -> float:
    """Return the median in milliseconds, as if each bucket's messages were spread evenly."""
    half, before = times.total() / 2, 0
    for bucket in sorted(times):
        if before + times[bucket] >= half:
            start, end = daily_counts.bucket_start(bucket), daily_counts.bucket_start(bucket + 1)
            return start + (end - start) * (half - before) / times[bucket]
        before += times[bucket]
    return 0.0


def in_words(milliseconds: float) -> str:
    seconds = milliseconds / 1000
    if seconds < 0.1:
        return "a tenth of a second"
    return (
        f"{seconds:.1f} seconds".replace(".0 ", " ")
        if seconds < 10
        else duration(timedelta(seconds=seconds))
    )


def sent_today(zones: dict[int, str], now: datetime) -> dict[int, OutcomeCounts]:
    """Count each business's messages on its own today, with one query.

    `zones`: the time zone by business id.
    """
    days = {business_id: local_day(now, zone) for business_id, zone in zones.items()}
    result = {business_id: OutcomeCounts() for business_id in zones}
    if not days:
        return result
    counts = DailyCount.objects.filter(
        business_id__in=days, day__range=(min(days.values()), max(days.values()))
    )
    for business_id, day, outcome, messages in counts.values_list(
        "business_id", "day", "outcome"
    ).annotate(sum=Sum("messages")):
        if day == days[business_id]:
            result[business_id][outcome] += messages
    return result
