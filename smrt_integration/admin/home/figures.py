"""What a business sent lately, read from the daily counts alone."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Sum

from customers.zones import local_day
from events import catalogue
from events.identify import IDENTIFY
from events.lanes.status import duration
from events.models import DailyCount, DailyDelay
from events.send_log import daily_counts

DAYS: Final = 30
REJECTED, EXPIRED = "rejected", "expired"
CUSTOMER_DETAILS: Final = "Customer details"

Outcomes = Counter[str]


def failures(outcomes: Outcomes) -> int:
    return outcomes[REJECTED] + outcomes[EXPIRED]


@dataclass(frozen=True, slots=True)
class OfEvent:
    """`event` is the name in the log, `name` the one for people."""

    event: str
    name: str
    today: Outcomes = field(default_factory=Counter)
    month: Outcomes = field(default_factory=Counter)

    # not for the template to add up: there, whatever it asks a Counter for is an outcome that never was
    @property
    def count_today(self) -> int:
        return self.today.total()

    @property
    def count_month(self) -> int:
        return self.month.total()

    @property
    def failed(self) -> int:
        return failures(self.month)


@dataclass(frozen=True, slots=True)
class Delay:
    """From happening to accepted by Segment, in milliseconds. The median is known to about an eighth."""

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
    today: Outcomes
    month: Outcomes
    days: list[tuple[date, Outcomes]]
    """The last 30, oldest first, today's last."""
    events: list[OfEvent]
    delay_today: Delay | None
    delay_month: Delay | None


def figures_of(business_id: int, today: date) -> Figures:
    """Two queries, over the 30 days that end today."""
    since = today - timedelta(days=DAYS - 1)
    days = {since + timedelta(days=number): Outcomes() for number in range(DAYS)}
    events = {event.name: OfEvent(event.name, event.name) for event in catalogue.EVENTS}
    events[IDENTIFY] = OfEvent(IDENTIFY, CUSTOMER_DETAILS)
    of_business = DailyCount.objects.filter(business_id=business_id, day__range=(since, today))
    for day, event, outcome, messages in of_business.values_list(
        "day", "event", "outcome"
    ).annotate(sum=Sum("messages")):
        days[day][outcome] += messages
        line = events.setdefault(event, OfEvent(event, event))
        line.month[outcome] += messages
        if day == today:
            line.today[outcome] += messages
    delays = list(
        DailyDelay.objects.filter(business_id=business_id, day__range=(since, today)).values_list(
            "day", *DELAY
        )
    )
    return Figures(
        today=days[today],
        month=sum(days.values(), Outcomes()),
        days=list(days.items()),
        events=list(events.values()),
        delay_today=delay_of(rest for day, *rest in delays if day == today),
        delay_month=delay_of(rest for _, *rest in delays),
    )


DELAY: Final = ("bucket", "messages", "worst_ms")


def delay_of(buckets: Iterable[Collection[int]]) -> Delay | None:
    """None when nothing was accepted."""
    times: Counter[int] = Counter()
    worst = 0
    for bucket, messages, worst_ms in buckets:
        times[bucket] += messages
        worst = max(worst, worst_ms)
    return Delay(min(median(times), worst), worst) if times else None


def median(times: Counter[int]) -> float:
    """Of that many messages in each bucket, as if those of one were spread evenly over it."""
    half, before = times.total() / 2, 0
    for bucket in sorted(times):
        if before + times[bucket] >= half:
            start, end = daily_counts.starts_at(bucket), daily_counts.starts_at(bucket + 1)
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


def sent_today(zones: dict[int, str], now: datetime) -> dict[int, Outcomes]:
    """Of several businesses, each on its own day, in one query. `zones`: the time zone by business id."""
    days = {business_id: local_day(now, zone) for business_id, zone in zones.items()}
    found = {business_id: Outcomes() for business_id in zones}
    if not days:
        return found
    near = DailyCount.objects.filter(
        business_id__in=days, day__range=(min(days.values()), max(days.values()))
    )
    for business_id, day, outcome, messages in near.values_list(
        "business_id", "day", "outcome"
    ).annotate(sum=Sum("messages")):
        if day == days[business_id]:
            found[business_id][outcome] += messages
    return found
