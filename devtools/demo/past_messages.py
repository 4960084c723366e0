"""A made-up send log of the last 30 days, as the workers would have written it.

The messages were never sent, not even to the stand-in for Segment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from customers.models import Customer, Order
from customers.traits import custom_values, trait_sources
from devtools.demo.businesses import BusinessRecords
from events.destination import destination_of
from events.identify import IDENTIFY
from events.models import Integration, Lane, Outcome
from events.outbox.read import CustomerAtSegment
from events.outbox.record import new_message_id
from events.outbox.rows import Attempt, OutboxRow, SettledMessage, Settlement
from events.outbox.settle import settle
from events.send_log import partitions
from events.send_log.write import write_log
from smrt_integration.delivery.build import MessageBuilder
from smrt_integration.delivery.claim import ClaimedLane
from smrt_integration.delivery.load import LoadedCustomers

DAYS: Final = 30
CLOSED_ON: Final = 6
"""Sunday, as `date.weekday` counts."""
VISITS_PER_DAY: Final = (4, 10)
OUTAGE_DAYS_AGO: Final = 9
"""The day on which Segment did not answer for half an hour."""
REFUSED: Final = "Segment refused this message (it answered 400)."
UNAVAILABLE: Final = "Segment is not available (it answered 503)."

PastEvent = tuple[str, dict[str, Any]]


@dataclass
class PastMessages:
    records: BusinessRecords
    integration: Integration
    random: Random
    last_order_number: int = 8_000
    attempts: list[Attempt] = field(default_factory=list)

    def create(self) -> None:
        self.customers = list(
            Customer.objects.filter(business=self.records.business).exclude(first_name="")[:40]
        )
        self.builder = self._builder()
        latest, now = None, timezone.now()
        for month in {partitions.month_of(now - timedelta(days=days)) for days in range(DAYS + 2)}:
            partitions.create_month(month)
        for at in self._visit_times(now):
            latest = self._send(self.random.choice(self.customers), at, now) or latest
        settle(Settlement(attempts=self.attempts), now)
        Lane.objects.filter(business=self.records.business).update(last_accepted_at=latest)

    def _visit_times(self, now: datetime) -> Iterator[datetime]:
        """Yield the times of visits, in opening hours of the business's time zone."""
        zone, today = ZoneInfo(self.records.business.time_zone), self.records.business.today(now)
        for days_ago in reversed(range(DAYS)):
            day = today - timedelta(days=days_ago)
            if day.weekday() != CLOSED_ON:
                minutes = sorted(
                    self.random.randrange(600) for _ in range(self.random.randint(*VISITS_PER_DAY))
                )
                opens = datetime.combine(day, time(8), zone)
                yield from (
                    at
                    for minute in minutes
                    if (at := (opens + timedelta(minutes=minute)).astimezone(UTC)) < now
                )

    def _send(self, customer: Customer, at: datetime, now: datetime) -> datetime | None:
        """Write what one visit sends to the send log. Returns when it was settled."""
        outage_ends = now - timedelta(days=OUTAGE_DAYS_AGO)
        in_outage = outage_ends - timedelta(days=1) < at < outage_ends
        settled_at = at + timedelta(milliseconds=self.random.lognormvariate(5.5, 0.9))
        if in_outage and self.random.random() < 0.3:
            settled_at += timedelta(minutes=self.random.randint(5, 30))
        if settled_at >= now:
            return None
        messages = self.builder.build(
            [
                self._row(customer, at, event, facts)
                for event, facts in self._random_events(customer)
            ]
        )
        items = [
            self._settled(message.row, message.body, settled_at) for message in messages.to_post
        ]
        duration_ms, size = self.random.randint(30, 140), sum(len(item.body) for item in items)
        self.attempts.append(
            Attempt(self.records.business.pk, settled_at, 200, duration_ms, len(items), size)
        )
        with connection.cursor() as cursor:
            write_log(cursor, items, settled_at)
        return settled_at

    def _settled(self, row: OutboxRow, body: str, at: datetime) -> SettledMessage:
        chance = self.random.random()
        if row.event != IDENTIFY and chance < 0.01:
            return SettledMessage(row, Outcome.REJECTED, REFUSED, body, at)
        if row.event == IDENTIFY and chance < 0.15:
            return SettledMessage(
                row,
                Outcome.SKIPPED,
                "Nothing had changed since Segment last accepted these details.",
            )
        return SettledMessage(row, Outcome.ACCEPTED, "", body, at)

    def _row(
        self, customer: Customer, at: datetime, event: str, facts: dict[str, Any]
    ) -> OutboxRow:
        subject = customer.pk
        return OutboxRow(
            0,
            self.records.business.pk,
            customer.pk,
            customer.uuid,
            event,
            subject,
            new_message_id(),
            at,
            facts,
            0,
        )

    def _random_events(self, customer: Customer) -> list[PastEvent]:
        visit: PastEvent = ("Customer Visit", {"visit_type": "Store"})
        identify: PastEvent = (IDENTIFY, {})
        order, stop = self._order(), self._stop(customer)
        order_created: list[PastEvent] = [("Order Created", order), visit, identify]
        order_returned: list[PastEvent] = [
            ("Order Returned", order),
            *self._items(order),
            visit,
            identify,
        ]
        scheduled = {
            "scheduled_by": self.random.choice(["Customer", "Employee"]),
            "pickup_date": f"{self.records.business.today()}",
        }
        rare: list[list[PastEvent]] = [
            [("New Customer Signup", {"source": "Website"}), identify],
            [("Pickup Missed", stop)],
            [
                (
                    "Customer Canceled Pickup",
                    {"canceled_via": "Text", "pickup_date": scheduled["pickup_date"]},
                )
            ],
            [
                (
                    "Customer Lost",
                    {
                        "last_visit": "2026-01-02T17:00:00.000Z",
                        "days_since_visit": 32,
                        "visit_frequency": "bi-weekly",
                    },
                )
            ],
            [("Customer Birthday", {"birthday": "05-04"})],
        ]
        done = stop | {
            "had_pickup": True,
            "had_delivery": True,
            "total_pickups": 1,
            "total_deliveries": 2,
        }
        common: list[list[PastEvent]] = [
            order_created,
            order_returned,
            [("Order Ready", order)],
            [
                ("Pickup Completed", done),
                ("Customer Visit", {"visit_type": "Driver"}),
                identify,
            ],
            [("Pickup Scheduled", scheduled)],
        ]
        return (
            self.random.choice(rare)
            if self.random.random() < 0.08
            else self.random.choices(common, (4, 4, 4, 3, 2))[0]
        )

    def _order(self) -> dict[str, Any]:
        self.last_order_number += 1
        seller = self.random.choice(self.records.counter).name
        return {
            "order_id": str(self.last_order_number),
            "agent": self.random.choice(self.records.stores).name,
            "customer_brand": self.records.business.name,
            "value": str(Decimal(self.random.randint(900, 9_000)) / 100),
            "currency": self.records.business.currency,
            "sold_by": seller,
            "returned_by": seller,
            "discount": None,
        }

    def _items(self, order: dict[str, Any]) -> list[PastEvent]:
        departments = [
            self.random.choice(self.records.departments).name
            for _ in range(self.random.randint(1, 2))
        ]
        return [
            (
                "Order Line Item Returned",
                order
                | {
                    "department": name,
                    "line_item_id": f"{self.last_order_number}{n}",
                    "description": "Shirt",
                    "quantity": 1,
                    "price": "6.50",
                },
            )
            for n, name in enumerate(departments)
        ]

    def _stop(self, customer: Customer) -> dict[str, Any]:
        address = {"street": customer.street, "city": customer.city, "state": customer.state}
        address |= {"postalCode": customer.postal_code, "country": customer.country}
        return {
            "driver": self.random.choice(self.records.drivers).name,
            "route": self.random.choice(self.records.routes).name,
            "address": address,
        }

    def _builder(self) -> MessageBuilder:
        row = self.integration
        lane = ClaimedLane(
            row.business_id,
            uuid4(),
            0,
            0,
            0,
            row.region,
            row.write_key,
            self.records.business.time_zone,
            birthday_field_id=row.birthday_field_id,
        )
        ids = [customer.pk for customer in self.customers]
        destination = destination_of(lane.region, lane.write_key)
        at_segment = {
            customer.pk: CustomerAtSegment(bool(customer.email), destination, "")
            for customer in self.customers
        }
        loaded = LoadedCustomers(at_segment, trait_sources(ids), custom_values(ids))
        return MessageBuilder(lane, loaded)


def start_backing_off(records: BusinessRecords, now: datetime) -> None:
    """Let the lane of a business back off, with orders in its outbox. It resumes by itself."""
    for customer in Customer.objects.filter(business=records.business).exclude(first_name="")[:3]:
        Order.create(
            customer,
            agent=records.stores[0],
            sold_by=records.counter[0],
            tax_rate=records.demo.tax_rate,
        )
    since = now - timedelta(minutes=20)
    Lane.objects.filter(business=records.business).update(
        failures=9,
        failing_since=since,
        last_error=UNAVAILABLE,
        resume_at=now + timedelta(minutes=4),
    )
