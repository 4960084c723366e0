"""The events of drivers' stops and of pickup requests."""

from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from events.definitions.definition import (
    Before,
    Facts,
    Heading,
    History,
    LookAlike,
    SavedEvent,
)
from events.definitions.properties import AddressProperties
from events.occurrences import Lookup

if TYPE_CHECKING:
    from customers.models import PickupRequest, RegularPickupRequest, Stop

STOPS = "customers_stop r"
PICKUP_REQUESTS = "customers_pickuprequest r"
WHICH_DAY = "'for ' || to_char(r.pickup_date, 'YYYY-MM-DD')"


class StopProperties(TypedDict):
    driver: str | None
    route: str | None
    address: AddressProperties | None


def stop_properties(facts: Facts) -> StopProperties:
    return StopProperties(driver=facts["driver"], route=facts["route"], address=facts["address"])


def stop_facts(stop: "Stop") -> Facts:
    return {
        "driver": Lookup("employee", stop.driver_id),
        "route": Lookup("agent", stop.route_id),
        "address": stop.address,
    }


class StopEvent(SavedEvent, abstract=True):
    """An event that ends a driver's stop."""

    heading = Heading.PICKUPS
    model = "customers.Stop"

    @staticmethod
    def occurred_at(stop: "Stop") -> datetime | None:
        return stop.completed_at


class PickupCompleted(StopEvent):
    name = "Pickup Completed"
    version = 1
    sent_when = (
        "A driver completed a stop and picked something up from the customer or delivered "
        "something."
    )
    not_yet = "No driver has picked anything up from this customer, or delivered anything."
    history = History(
        rows=STOPS, at="CASE r.status WHEN 'completed' THEN r.completed_at END", is_visit="TRUE"
    )

    class Properties(StopProperties):
        had_pickup: bool
        had_delivery: bool
        total_pickups: int
        total_deliveries: int

    @staticmethod
    def trigger(before: Before, stop: "Stop") -> bool:
        return "status" in stop.changed and stop.status == "completed"

    @staticmethod
    def facts(stop: "Stop") -> Facts:
        return {
            **stop_facts(stop),
            "had_pickup": stop.had_pickup,
            "had_delivery": stop.had_delivery,
            "total_pickups": stop.total_pickups,
            "total_deliveries": stop.total_deliveries,
        }

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return PickupCompleted.Properties(
            **stop_properties(facts),
            had_pickup=facts["had_pickup"],
            had_delivery=facts["had_delivery"],
            total_pickups=facts["total_pickups"],
            total_deliveries=facts["total_deliveries"],
        )


class PickupMissed(StopEvent):
    name = "Pickup Missed"
    version = 1
    sent_when = "A driver completed a stop, but there was nothing to pick up or deliver."
    not_yet = "No driver has had a stop at this customer with nothing to pick up or deliver."
    history = History(rows=STOPS, at="CASE r.status WHEN 'missed' THEN r.completed_at END")
    facts = staticmethod(stop_facts)
    properties = staticmethod(stop_properties)

    @staticmethod
    def trigger(before: Before, stop: "Stop") -> bool:
        return "status" in stop.changed and stop.status == "missed"


class PickupScheduled(SavedEvent):
    name = "Pickup Scheduled"
    version = 1
    heading = Heading.PICKUPS
    sent_when = "A pickup was scheduled by hand, by the customer on the website or by an employee."
    not_yet = "No pickup has been scheduled by hand for this customer."
    model = "customers.PickupRequest"
    history = History(rows=PICKUP_REQUESTS, at="r.created_at", about=WHICH_DAY)

    class Properties(TypedDict):
        scheduled_by: str
        pickup_date: str

    @staticmethod
    def trigger(before: Before, request: "PickupRequest") -> bool:
        return before is None

    @staticmethod
    def occurred_at(request: "PickupRequest") -> datetime:
        return request.created_at

    @staticmethod
    def facts(request: "PickupRequest") -> Facts:
        return {
            "scheduled_by": request.scheduled_by,
            "pickup_date": request.pickup_date.isoformat(),
        }

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return PickupScheduled.Properties(
            scheduled_by=facts["scheduled_by"], pickup_date=facts["pickup_date"]
        )


class CustomerCanceledPickup(SavedEvent):
    name = "Customer Canceled Pickup"
    version = 1
    heading = Heading.PICKUPS
    sent_when = (
        "The customer canceled a scheduled pickup, on the website or by replying “No” to the "
        "nightly text."
    )
    not_yet = "This customer has not canceled a pickup."
    model = "customers.PickupRequest"
    history = History(
        rows=PICKUP_REQUESTS,
        at="CASE WHEN r.canceled_via IN ('Website', 'Text') THEN r.canceled_at END",
        about=WHICH_DAY,
    )
    look_alikes = (
        LookAlike(
            name="Pickup canceled by an employee",
            at="CASE r.canceled_via WHEN 'Employee' THEN r.canceled_at END",
            reason="“Customer Canceled Pickup” is sent only when the customer cancels.",
        ),
    )

    class Properties(TypedDict):
        canceled_via: str
        pickup_date: str

    @staticmethod
    def trigger(before: Before, request: "PickupRequest") -> bool:
        return "canceled_via" in request.changed and request.canceled_via in {"Website", "Text"}

    @staticmethod
    def occurred_at(request: "PickupRequest") -> datetime | None:
        return request.canceled_at

    @staticmethod
    def facts(request: "PickupRequest") -> Facts:
        return {
            "canceled_via": request.canceled_via,
            "pickup_date": request.pickup_date.isoformat(),
        }

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return CustomerCanceledPickup.Properties(
            canceled_via=facts["canceled_via"], pickup_date=facts["pickup_date"]
        )


class CustomerRequestedRegularPickups(SavedEvent):
    name = "Customer Requested Regular Pickups"
    version = 1
    heading = Heading.PICKUPS
    sent_when = "The customer asked on the website to join a regular delivery route."
    not_yet = "This customer has not asked to join a regular route."
    model = "customers.RegularPickupRequest"
    history = History(rows="customers_regularpickuprequest r", at="r.requested_at")

    class Properties(TypedDict):
        address: AddressProperties | None

    @staticmethod
    def trigger(before: Before, request: "RegularPickupRequest") -> bool:
        return before is None

    @staticmethod
    def occurred_at(request: "RegularPickupRequest") -> datetime:
        return request.requested_at

    @staticmethod
    def facts(request: "RegularPickupRequest") -> Facts:
        return {"address": request.address}

    @staticmethod
    def properties(facts: Facts) -> Properties:
        return CustomerRequestedRegularPickups.Properties(address=facts["address"])
