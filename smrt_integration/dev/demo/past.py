"""The past of a demo business, made by the same actions as its present: who its customers are, and when they came."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from customers.lost import DEFAULT_LIMITS
from customers.models import Customer, CustomField, CustomFieldValue, Order, PickupRequest
from smrt_integration.dev.demo.businesses import Firm
from smrt_integration.dev.demo.goods import brought
from smrt_integration.dev.demo.people import account, address, person

REGULARS: Final = 26
DRIFTING: Final = (
    *((0, "weekly"), (0, "monthly"), (1, "weekly"), (2, "bi-weekly"), (3, "weekly"), (4, "monthly"), (5, "bi-weekly")),
    *((6, "unknown"), (7, "monthly"), (8, "bi-weekly"), (9, "irregular")),
)
"""Who stays away: in how many days they count as lost, so that each of the demo's first days has some, and their visit frequency."""
BIRTHDAYS_SOON: Final = 10
"""One on each of so many days from today on; the others are spread over the year."""
LEAP_YEARS: Final = (1956, 1968, 1980, 1988, 1996, 2004)
"""Of birth, so that every day exists in them."""


@dataclass
class Past:
    firm: Firm
    random: Random
    birthday: CustomField
    customers: list[Customer] = field(default_factory=list)

    def make(self) -> None:
        self._sign_up(uuid=self.firm.demo.walk_in)
        for number in range(REGULARS):
            self._regular(number)
        for days, frequency in DRIFTING:
            self._drift_away(days, frequency)
        self._company()
        for number, customer in enumerate(self.customers[1:]):
            self._ask_birthday(customer, number)
        for customer in self.customers[1:4]:
            customer.schedule_pickup(self._day(-1), by=PickupRequest.ScheduledBy.CUSTOMER)

    def _regular(self, number: int) -> None:
        """Somebody who was here in the last days; of three orders, one is still being worked on and one waits to be fetched."""
        customer = self._sign_up(visit_frequency=self.random.choice(("weekly", "bi-weekly", "unknown")), **self._person())
        days_ago = self.random.randint(1, 5)
        order = self._order(customer, days_ago + 4)
        if number % 3:
            order.mark_ready(self._at(days_ago + 2))
        if number % 3 == 2:
            order.return_to_customer(by=self.random.choice(self.firm.counter), at=self._at(days_ago))

    def _drift_away(self, days: int, frequency: str) -> None:
        customer = self._sign_up(visit_frequency=frequency, **self._person())
        last_visit = DEFAULT_LIMITS[frequency] + 1 - days
        order = self._order(customer, last_visit + 3)
        order.mark_ready(self._at(last_visit + 1))
        order.return_to_customer(by=self.random.choice(self.firm.counter), at=self._at(last_visit))

    def _company(self) -> None:
        """A hotel whose staff's things are delivered with its own."""
        details = account(self.firm, self.random) | address(self.firm.demo.place, self.random)
        details |= {"payment_term": Customer.PaymentTerm.STATEMENT, "delivery_preference": Customer.DeliveryPreference.ROUTE_REGULAR}
        hotel = self._sign_up(
            kind=Customer.Kind.CORPORATE, company_name="Grand Example Hotel", first_name="Robin", email="desk@example.com", **details
        )
        for _ in range(2):
            self._sign_up(**self._person(), master=hotel, delivery_preference=Customer.DeliveryPreference.WITH_MASTER)
        self._order(hotel, 2)

    def _sign_up(self, **details: Any) -> Customer:
        source = self.random.choice(Customer.Source.values)
        customer = Customer.sign_up(self.firm.business, source=source, at=self._at(self.random.randint(100, 900)), **details)
        self.customers.append(customer)
        return customer

    def _person(self) -> dict[str, Any]:
        return person(self.firm, self.random, len(self.customers))

    def _order(self, customer: Customer, days_ago: int) -> Order:
        return Order.create(
            customer,
            items=brought(self.firm, self.random),
            agent=self.random.choice(self.firm.stores),
            sold_by=self.random.choice(self.firm.counter),
            discount=customer.discount,
            tax_rate=self.firm.demo.tax_rate,
            at=self._at(days_ago),
        )

    def _ask_birthday(self, customer: Customer, number: int) -> None:
        day = self._day(-number if number < BIRTHDAYS_SOON else self.random.randint(30, 330))
        text = f"{day:%m-%d}" if number % 4 == 3 else f"{self.random.choice(LEAP_YEARS)}-{day:%m-%d}"
        if number % 3 != 2 or number < BIRTHDAYS_SOON:
            CustomFieldValue.record(customer, self.birthday, text)

    def _day(self, days_ago: int) -> date:
        return self.firm.business.today() - timedelta(days=days_ago)

    def _at(self, days_ago: int) -> datetime:
        """Some time of that day's opening hours, where the business is."""
        local = datetime.combine(self._day(days_ago), time(self.random.randint(9, 17), self.random.randint(0, 59)))
        return local.replace(tzinfo=ZoneInfo(self.firm.business.time_zone)).astimezone(UTC)
