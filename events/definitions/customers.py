"""The events of customers themselves: signup, visits, lost customers, birthdays."""

from datetime import date, datetime, time
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

from customers.business_clock import BusinessClock
from customers.dates import normalise_date
from customers.lost import lost_on
from customers.zones import iso_utc
from events.definitions import upcoming
from events.definitions.customer_context import CustomerContext
from events.definitions.definition import (
    NO_HISTORY,
    Before,
    Facts,
    Heading,
    History,
    NothingToPreview,
    Sample,
    SavedEvent,
    Setting,
    SweptEvent,
)
from events.occurrences import Occurrence

if TYPE_CHECKING:
    from customers.models import Customer, Visit


class NewCustomerSignup(SavedEvent):
    name = "New Customer Signup"
    version = 1
    heading = Heading.CUSTOMERS
    sent_when = "A customer was created, in the point of sale or on the website."
    not_yet = "No signup of this customer is known."
    model = "customers.Customer"
    customer_id = "pk"
    history = History(
        rows="customers_customer r",
        customer="r.id",
        at="r.created_at",
        about="CASE r.source WHEN 'Website' THEN 'on the website' ELSE 'in the point of sale' END",
        # An imported customer whose line does not say when has no visit of the signup.
        is_certain="EXISTS (SELECT FROM customers_visit v WHERE v.customer_id = r.id "
        "AND v.visit_type = 'Signup')",
    )

    class Properties(TypedDict):
        source: str

    @staticmethod
    def trigger(before: Before, customer: "Customer") -> bool:
        return before is None

    @staticmethod
    def occurred_at(customer: "Customer") -> datetime:
        return customer.created_at

    @staticmethod
    def facts(customer: "Customer") -> Facts:
        return {"source": customer.source}

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return NewCustomerSignup.Properties(source=facts["source"])


class CustomerVisit(SavedEvent):
    name = "Customer Visit"
    version = 1
    heading = Heading.CUSTOMERS
    sent_when = (
        "The customer's first driver pickup or delivery, store visit or signup of the day. "
        "At most once a day."
    )
    not_yet = "No visit of this customer is known."
    model = "customers.Visit"
    history = History(
        rows="customers_visit r",
        at="r.at",
        about="CASE r.visit_type WHEN 'Driver' THEN 'by a driver' WHEN 'Store' THEN 'in a store' "
        "ELSE 'by signing up' END",
    )

    class Properties(TypedDict):
        visit_type: str

    @staticmethod
    def trigger(before: Before, visit: "Visit") -> bool:
        return before is None

    @staticmethod
    def occurred_at(visit: "Visit") -> datetime:
        return visit.at

    @staticmethod
    def facts(visit: "Visit") -> Facts:
        return {"visit_type": visit.visit_type}

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return CustomerVisit.Properties(visit_type=facts["visit_type"])

    @staticmethod
    def upcoming(context: CustomerContext) -> str:
        visit = context.visit_today
        if visit is None:
            return ""
        at = context.clock.when(visit.at, context.now)
        return (
            f"Today's visit was counted {at}, {visit.how}. "
            "A day counts once, so the next visit counts from tomorrow on."
        )


class CustomerLost(SweptEvent):
    name = "Customer Lost"
    version = 1
    heading = Heading.CUSTOMERS
    sent_when = "The customer has not visited for longer than their usual rhythm allows."
    not_yet = "This customer has never counted as lost."
    sweep = "events.sweeps.lost"
    not_backfilled = (
        "We look for lost customers while the integration is on, and tell Segment once. "
        "Who was lost before is not news any more."
    )
    history = History(
        rows="events_lapse r", at="r.found_at", subject="r.customer_id", customer="r.customer_id"
    )

    class Properties(TypedDict):
        last_visit: str
        days_since_visit: int
        visit_frequency: str

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return CustomerLost.Properties(
            last_visit=facts["last_visit"],
            days_since_visit=facts["days_since_visit"],
            visit_frequency=facts["visit_frequency"],
        )

    @staticmethod
    def upcoming(context: CustomerContext) -> str:
        return upcoming.lost_sentence(context.absence, context.clock, context.now)

    @staticmethod
    def sample(context: CustomerContext) -> Sample:
        """Return what the sweep would find tonight, or on the day on which the customer is lost."""
        absence, clock = context.absence, context.clock
        day = max(lost_on(absence.since, clock.time_zone, absence.limit), clock.day_of(context.now))
        facts = {
            "last_visit": iso_utc(absence.since),
            "days_since_visit": (day - clock.day_of(absence.since)).days,
            "visit_frequency": absence.frequency,
        }
        at = max(context.now, _on_day(day, 0, clock))
        occurrence = Occurrence(CustomerLost.name, context.customer_id, at, facts)
        as_of = f"As of {clock.day(day)}, if the customer does not visit before."
        return Sample(occurrence, as_of)


class CustomerBirthday(SweptEvent):
    name = "Customer Birthday"
    version = 1
    heading = Heading.CUSTOMERS
    sent_when = (
        "Every year on the customer's birthday. You choose which custom field holds the birthday."
    )
    not_yet = "No birthday of this customer has been sent."
    sweep = "events.sweeps.birthdays"
    not_backfilled = "A birthday that is over starts nothing. The next one is sent."
    history = NO_HISTORY
    setting = Setting(
        field="birthday_field_id",
        missing="you have not chosen the field with the birthday, so it cannot be sent.",
        to_do="Choose the field",
    )

    class Properties(TypedDict):
        birthday: str

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return CustomerBirthday.Properties(birthday=facts["birthday"])

    @staticmethod
    def upcoming(context: CustomerContext) -> str:
        return upcoming.birthday_sentence(context.birthdays, context.clock, context.now)

    @staticmethod
    def sample(context: CustomerContext) -> Sample:
        birthdays, clock = context.birthdays, context.clock
        if birthdays.field is None:
            raise NothingToPreview("You have not chosen the custom field that holds the birthday.")
        born = normalise_date(birthdays.value)
        day = upcoming.next_birthday(born, clock.day_of(context.now)) if born else None
        if born is None or day is None:
            raise NothingToPreview(upcoming.no_birthday(birthdays.field))
        facts = {"birthday": born[-5:]}
        at = _on_day(day, birthdays.hour, clock)
        occurrence = Occurrence(CustomerBirthday.name, context.customer_id, at, facts)
        return Sample(occurrence, f"As of {clock.day(day)}, the next birthday.")


def _on_day(day: date, hour: int, clock: BusinessClock) -> datetime:
    return datetime.combine(day, time(hour), ZoneInfo(clock.time_zone))
