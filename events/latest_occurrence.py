"""What would be recorded of the latest thing of each kind that happened to a customer: by the triggers that record it, writing nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from customers import dates
from customers.lost import absent_since, lost_on
from customers.models import (
    Customer,
    CustomFieldValue,
    LineItem,
    Order,
    PickupRequest,
    RegularPickupRequest,
    Stop,
    Visit,
)
from customers.zones import iso_utc, local_day
from events import catalogue, triggers
from events.models import Integration
from events.occurrences import Occurrence
from events.outbox.record import facts_of


class NothingToPreview(Exception):
    """The customer has nothing of the kind; the text says what."""


@dataclass(frozen=True, slots=True)
class LatestOccurrence:
    """`happening` with plain facts; `source` says what it was made from."""

    happening: Occurrence
    source: str


class AsItHappened:
    """A row as its trigger sees it in the save that made the event happen."""

    def __init__(self, row: Any, **then: Any) -> None:
        self._row = row
        self.__dict__.update(then)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


@dataclass(frozen=True, slots=True)
class Way:
    """From a customer to the latest row, and what its save looked like: `then` are the values it had, None when it was created."""

    rows: Callable[[Customer], QuerySet[Any]]
    trigger: Callable[[Mapping[str, Any] | None, Any, datetime], Iterable[Occurrence]]
    missing: str
    then: Mapping[str, Any] | None = None


def _of(model: Any, latest: str, **which: Any) -> Callable[[Customer], QuerySet[Any]]:
    return lambda customer: model.objects.filter(customer=customer, **which).order_by(
        f"-{latest}", "-pk"
    )


def _items(customer: Customer) -> QuerySet[Any]:
    return (
        LineItem.objects.filter(order__customer=customer, returned_at__isnull=False)
        .select_related("order")
        .order_by("-returned_at", "-pk")
    )


WAYS: Final[Mapping[str, Way]] = {
    catalogue.PICKUP_COMPLETED: Way(
        _of(Stop, "completed_at", status="completed"),
        triggers.stop,
        "no stop where something was picked up or delivered",
        {"status": "completed"},
    ),
    catalogue.PICKUP_MISSED: Way(
        _of(Stop, "completed_at", status="missed"),
        triggers.stop,
        "no stop where there was nothing to pick up or deliver",
        {"status": "missed"},
    ),
    catalogue.PICKUP_SCHEDULED: Way(
        _of(PickupRequest, "created_at"), triggers.pickup_request, "no scheduled pickup"
    ),
    catalogue.CUSTOMER_CANCELED_PICKUP: Way(
        _of(PickupRequest, "canceled_at", canceled_via__in=triggers.CANCELED_BY_CUSTOMER),
        triggers.pickup_request,
        "no pickup that they canceled themselves",
        {"canceled_via": None},
    ),
    catalogue.CUSTOMER_REQUESTED_REGULAR_PICKUPS: Way(
        _of(RegularPickupRequest, "requested_at"),
        triggers.regular_pickup_request,
        "no request for regular pickups",
    ),
    catalogue.ORDER_CREATED: Way(_of(Order, "created_at"), triggers.order, "no order"),
    catalogue.ORDER_READY: Way(
        _of(Order, "ready_at", ready_at__isnull=False),
        triggers.order,
        "no order that became ready",
        {"status": "ready"},
    ),
    catalogue.ORDER_RETURNED: Way(
        _of(Order, "returned_at", returned_at__isnull=False),
        triggers.order,
        "no order that went back to them",
        {"status": "returned"},
    ),
    catalogue.ORDER_LINE_ITEM_RETURNED: Way(
        _items, triggers.line_item, "no item that went back to them", {"returned_at": None}
    ),
    catalogue.NEW_CUSTOMER_SIGNUP: Way(
        lambda customer: Customer.objects.filter(pk=customer.pk), triggers.customer, "no signup"
    ),
    catalogue.CUSTOMER_VISIT: Way(_of(Visit, "at"), triggers.visit, "no visit"),
}


def latest_occurrence(
    event: str, customer: Customer, integration: Integration, now: datetime
) -> LatestOccurrence:
    """Raises Missing."""
    if event == catalogue.CUSTOMER_LOST:
        return _lost(customer, integration, now)
    if event == catalogue.CUSTOMER_BIRTHDAY:
        return _birthday(customer, integration, now)
    way = WAYS[event]
    row = way.rows(customer).first()
    if row is None:
        raise NothingToPreview(f"There is nothing to show: this customer has {way.missing}.")
    then = {name: value for name, value in (way.then or {}).items() if value is not None}
    seen = AsItHappened(row, changed=set(way.then or ()), **then)
    happening = next(
        found
        for found in way.trigger(None if way.then is None else {}, seen, now)
        if found.event == event
    )
    return LatestOccurrence(
        replace(happening, facts=facts_of(happening)), f"Made from {_named(row)}, as it is now."
    )


def _named(row: Any) -> str:
    return "the customer" if isinstance(row, Customer) else f"{row._meta.verbose_name} “{row}”"


def _lost(customer: Customer, integration: Integration, now: datetime) -> LatestOccurrence:
    """As the sweep would find it tonight, or on the day on which the customer will be lost if nothing changes."""
    zone = integration.business.time_zone
    since = absent_since(customer.last_visit, customer.created_at)
    limit = integration.limit_of(customer.visit_frequency)
    day = max(local_day(now, zone), lost_on(since, zone, limit))
    facts = {
        "last_visit": iso_utc(since),
        "days_since_visit": (day - local_day(since, zone)).days,
        "visit_frequency": customer.visit_frequency,
    }
    at = max(now, _at(day, 0, zone))
    return LatestOccurrence(
        Occurrence(catalogue.CUSTOMER_LOST, customer.pk, at, facts),
        f"As of {_told(day)}, if the customer does not visit before.",
    )


def _birthday(customer: Customer, integration: Integration, now: datetime) -> LatestOccurrence:
    field = integration.birthday_field
    if field is None:
        raise NothingToPreview(
            "There is nothing to show: no custom field with the birthday is chosen in the settings."
        )
    answer = CustomFieldValue.objects.filter(customer=customer, field=field).first()
    born = dates.normalise_date(answer.value) if answer else None
    if born is None:
        raise NothingToPreview(
            f"There is nothing to show: this customer has no date in the custom field “{field}”."
        )
    zone = integration.business.time_zone
    day = _next(born[-5:], now.astimezone(ZoneInfo(zone)).date())
    happening = Occurrence(
        catalogue.CUSTOMER_BIRTHDAY,
        customer.pk,
        _at(day, integration.birthday_hour, zone),
        {"birthday": born[-5:]},
    )
    return LatestOccurrence(happening, f"As of {_told(day)}, the next birthday.")


def _next(birthday: str, today: date) -> date:
    """The next day on which it is celebrated."""
    month, day = map(int, birthday.split("-"))
    found = (dates.birthday_in_year(month, day, year) for year in (today.year, today.year + 1))
    return next(celebrated for celebrated in found if celebrated and celebrated >= today)


def _at(day: date, hour: int, zone: str) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(zone))


def _told(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
