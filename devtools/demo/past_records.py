"""The past of a demo business: customers, orders and visits, written in bulk without events."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from customers.lost import DEFAULT_LIMITS
from customers.models import (
    Customer,
    CustomField,
    CustomFieldValue,
    LineItem,
    NewLineItem,
    Order,
    PickupRequest,
    Visit,
)
from customers.money import totals
from devtools.demo.businesses import BusinessRecords
from devtools.demo.line_items import random_line_items
from devtools.demo.people import random_account_fields, random_address, random_customer

REGULARS: Final = 26
NEARLY_LOST: Final = (
    *(
        (0, "weekly"),
        (0, "monthly"),
        (1, "weekly"),
        (2, "bi-weekly"),
        (3, "weekly"),
        (4, "monthly"),
        (5, "bi-weekly"),
    ),
    *((6, "unknown"), (7, "monthly"), (8, "bi-weekly"), (9, "irregular")),
)
"""Customers who stay away: the days until they count as lost, and their visit frequency."""
BIRTHDAYS_SOON: Final = 10
"""One birthday on each of the next days; the others are spread over the year."""
LEAP_YEARS: Final = (1956, 1968, 1980, 1988, 1996, 2004)
"""Years of birth, so that every day exists in them."""


@dataclass
class PastRecords:
    records: BusinessRecords
    random: Random
    birthday: CustomField
    customers: list[Customer] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    items: list[LineItem] = field(default_factory=list)

    def create(self) -> None:
        """Create all. Whoever is not nearly lost came lately, so that none is lost by chance."""
        self._create_order(self._sign_up(uuid=self.records.demo.walk_in), 1)
        for number in range(REGULARS):
            self._add_regular(number)
        for days, frequency in NEARLY_LOST:
            self._add_nearly_lost(days, frequency)
        self._add_company()
        Customer.objects.bulk_create(
            [customer for customer in self.customers if customer._state.adding]
        )
        Visit.objects.bulk_create(self.visits)
        Order.objects.bulk_create(self.orders)
        LineItem.objects.bulk_create(self.items)
        CustomFieldValue.objects.bulk_create(
            [
                self._birthday_value(customer, number)
                for number, customer in enumerate(self.customers[1:])
            ]
        )
        with_address = [each for each in self.customers[1:] if each.can_be_driven_to]
        for customer in with_address[:3]:
            customer.schedule_pickup(self._day(-1), by=PickupRequest.ScheduledBy.CUSTOMER)

    def _add_regular(self, number: int) -> None:
        """Add a regular customer. Of three orders one is open, one is ready and one is returned."""
        customer = self._sign_up(
            visit_frequency=self.random.choice(("weekly", "bi-weekly", "unknown")), **self._person()
        )
        days_ago = self.random.randint(1, 5)
        order = self._create_order(customer, days_ago + 4)
        if number % 3:
            self._mark_ready(order, days_ago + 2)
        if number % 3 == 2:
            self._return_order(order, days_ago)

    def _add_nearly_lost(self, days: int, frequency: str) -> None:
        customer = self._sign_up(visit_frequency=frequency, **self._person())
        days_ago = DEFAULT_LIMITS[frequency] + 1 - days
        order = self._create_order(customer, days_ago + 3)
        self._mark_ready(order, days_ago + 1)
        self._return_order(order, days_ago)

    def _add_company(self) -> None:
        """Add a corporate customer and two of its staff, who get their orders with its own."""
        details = random_account_fields(self.records, self.random) | random_address(
            self.records.demo.place, self.random
        )
        details |= {
            "payment_term": Customer.PaymentTerm.STATEMENT,
            "delivery_preference": Customer.DeliveryPreference.ROUTE_REGULAR,
        }
        hotel = self._sign_up(
            kind=Customer.Kind.CORPORATE,
            company_name="Grand Example Hotel",
            first_name="Robin",
            email="desk@example.com",
            **details,
        )
        self._create_order(hotel, 2)
        # before its staff, whose rows refer to it
        hotel.save()
        for _ in range(2):
            staff = self._sign_up(
                **self._person(),
                master=hotel,
                delivery_preference=Customer.DeliveryPreference.WITH_MASTER,
            )
            self._create_order(staff, 2)

    def _person(self) -> dict[str, Any]:
        return random_customer(self.records, self.random, len(self.customers))

    def _sign_up(self, **details: Any) -> Customer:
        at = self._at(self.random.randint(100, 900))
        customer = Customer(
            business=self.records.business,
            source=self.random.choice(Customer.Source.values),
            created_at=at,
            **details,
        )
        self.customers.append(customer)
        self._visit(customer, Visit.Type.SIGNUP, at)
        return customer

    def _create_order(self, customer: Customer, days_ago: int) -> Order:
        order = Order(
            business=self.records.business,
            customer=customer,
            discount=customer.discount,
            created_at=self._at(days_ago),
        )
        order.agent, order.sold_by = (
            self.random.choice(self.records.stores),
            self.random.choice(self.records.counter),
        )
        lines = [
            LineItem.from_new(NewLineItem(**piece), self.records.business.currency)
            for piece in random_line_items(self.records, self.random)
        ]
        deduction, order.tax_rate = (
            order.discount.deduction if order.discount else None,
            self.records.demo.tax_rate,
        )
        sums = totals(
            [line.amount for line in lines],
            deduction,
            order.tax_rate,
            self.records.business.currency,
        )
        order.subtotal, order.discount_total, order.tax, order.total = sums
        self.orders.append(order)
        for line in lines:
            line.order = order
            self.items.append(line)
        self._visit(customer, Visit.Type.STORE, order.created_at)
        return order

    def _mark_ready(self, order: Order, days_ago: int) -> None:
        order.status, order.ready_at = Order.Status.READY, self._at(days_ago)

    def _return_order(self, order: Order, days_ago: int) -> None:
        order.status, order.returned_at = Order.Status.RETURNED, self._at(days_ago)
        order.returned_by = self.random.choice(self.records.counter)
        for item in self.items:
            if item.order is order:
                item.returned_at = order.returned_at
        self._visit(order.customer, Visit.Type.STORE, order.returned_at)

    def _visit(self, customer: Customer, visit_type: Visit.Type, at: datetime) -> None:
        day = self.records.business.today(at)
        self.visits.append(
            Visit(
                business=self.records.business,
                customer=customer,
                day=day,
                visit_type=visit_type,
                at=at,
            )
        )
        if visit_type != Visit.Type.SIGNUP:
            customer.last_visit = at

    def _birthday_value(self, customer: Customer, number: int) -> CustomFieldValue:
        """Return the birthday field of a customer; it is empty for some."""
        day = self._day(-number if number < BIRTHDAYS_SOON else self.random.randint(30, 330))
        text = (
            f"{day:%m-%d}" if number % 4 == 3 else f"{self.random.choice(LEAP_YEARS)}-{day:%m-%d}"
        )
        is_known = number < BIRTHDAYS_SOON or number % 3 != 2
        value = text if is_known else ""
        return CustomFieldValue(customer=customer, field=self.birthday, value=value)

    def _day(self, days_ago: int) -> date:
        return self.records.business.today() - timedelta(days=days_ago)

    def _at(self, days_ago: int) -> datetime:
        """Return a random time in that day's opening hours, in the business's time zone."""
        local = datetime.combine(
            self._day(days_ago), time(self.random.randint(9, 17), self.random.randint(0, 59))
        )
        return local.replace(tzinfo=ZoneInfo(self.records.business.time_zone)).astimezone(UTC)
