"""Each action on an order, a stop, a pickup and a customer sends its message to Segment.

A real worker delivers the messages.
"""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from customers.models import Business, Customer, Order, Stop
from customers.models.line_item import NewLineItem
from events.models import Integration, Outgoing, SendLog
from smrt_integration import tasks
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business
from tests.factories import (
    AgentFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
)
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until


class ReceivedMessages:
    """The messages that Segment accepted from one business."""

    def __init__(self, segment: SegmentStandIn) -> None:
        self.segment = segment

    def tracks(self, *events: str) -> list[dict[str, Any]]:
        return [
            message
            for message in self.segment.accepted(WRITE_KEY)
            if message.get("event") in events
        ]

    def wait_for(self, *events: str) -> list[dict[str, Any]]:
        """Wait for these events. Returns their properties in the order of the arguments."""
        wait_until(
            lambda: {message["event"] for message in self.tracks(*events)} == set(events),
            f"{', '.join(events)} arrive",
        )
        return [self.tracks(event)[-1]["properties"] for event in events]

    def wait_for_trait(self, name: str, value: object) -> None:
        wait_until(lambda: self.traits().get(name) == value, f"Segment has {value} for {name}")

    def traits(self) -> dict[str, Any]:
        """Return the traits of the last identify."""
        identifies = [
            message for message in self.segment.accepted(WRITE_KEY) if message["type"] == "identify"
        ]
        return dict(identifies[-1]["traits"]) if identifies else {}


@pytest.fixture
def receiver(start_worker: Callable[..., Worker], segment: SegmentStandIn) -> ReceivedMessages:
    start_worker()
    return ReceivedMessages(segment)


@pytest.fixture
def business(receiver: ReceivedMessages) -> Business:
    return sending_business(WRITE_KEY)


def sign_up(business: Business) -> Customer:
    return Customer.sign_up(
        business,
        source="Website",
        first_name="Ann",
        last_name="Example",
        email="ann@example.com",
        phone="415-555-0101",
        street="1 Example Street",
        city="San Francisco",
        country="US",
    )


def assert_everything_logged_once(segment: SegmentStandIn) -> None:
    wait_until(lambda: not Outgoing.objects.exists(), "the outbox is empty")
    sent = sorted(message["messageId"] for message in segment.accepted())
    assert (
        sorted(SendLog.objects.filter(outcome="accepted").values_list("message_id", flat=True))
        == sent
    )
    assert segment.counts()["dropped"] == 0


@pytest.mark.slow
def test_each_action_on_an_order_sends_its_message(
    receiver: ReceivedMessages, business: Business, segment: SegmentStandIn
) -> None:
    store = AgentFactory.create(business=business, name="Main Street")
    clerk = EmployeeFactory.create(business=business, name="Carla Counter")
    laundry = DepartmentFactory.create(business=business, name="Laundry")
    discount = DiscountFactory.create(business=business, name="Spring", value=Decimal(10))

    customer = sign_up(business)
    signup, visit = receiver.wait_for("New Customer Signup", "Customer Visit")
    assert (signup, visit) == ({"source": "Website"}, {"visit_type": "Signup"})
    assert (receiver.traits()["email"], receiver.traits()["lastVisit"]) == ("ann@example.com", None)

    items = [
        NewLineItem("Shirt", Decimal("4.50"), 2, laundry),
        NewLineItem("Coat", Decimal("11.00")),
    ]
    order = Order.create(
        customer, items=items, agent=store, sold_by=clerk, discount=discount, tax_rate=Decimal(10)
    )
    (created,) = receiver.wait_for("Order Created")
    assert created == {
        "order_id": order.number,
        "agent": "Main Street",
        "customer_brand": business.name,
        "value": 19.8,
        "revenue": 19.8,
        "currency": "USD",
        "sold_by": "Carla Counter",
        "returned_by": None,
        "discount": {"name": "Spring", "description": "For loyal customers", "value": 10.0},
    }
    wait_until(lambda: receiver.traits()["lastVisit"], "the visit is in the traits")

    order.mark_ready()
    (ready,) = receiver.wait_for("Order Ready")
    assert ready == created

    order.return_to_customer(by=clerk)
    (returned,) = receiver.wait_for("Order Returned")
    assert returned == created | {"returned_by": "Carla Counter"}
    wait_until(
        lambda: len(receiver.tracks("Order Line Item Returned")) == 2,
        "both line items arrive",
    )
    lines = [message["properties"] for message in receiver.tracks("Order Line Item Returned")]
    assert [
        (line["description"], line["department"], line["quantity"], line["price"]) for line in lines
    ] == [
        ("Shirt", "Laundry", 2, 4.5),
        ("Coat", None, 1, 11.0),
    ]
    # At most one visit a day is recorded.
    assert len(receiver.tracks("Customer Visit")) == 1
    assert_everything_logged_once(segment)


@pytest.mark.slow
def test_each_action_on_stops_and_pickups_sends_its_message(
    receiver: ReceivedMessages, business: Business, segment: SegmentStandIn
) -> None:
    driver = EmployeeFactory.create(business=business, driver=True, name="Dan Driver")
    route = AgentFactory.create(business=business, route=True, name="Route 7")
    customer = sign_up(business)

    missed = Stop.schedule(customer, business.today(), driver=driver, route=route)
    missed.complete(driver)
    (properties,) = receiver.wait_for("Pickup Missed")
    assert (properties["driver"], properties["route"]) == ("Dan Driver", "Route 7")

    stop = Stop.schedule(customer, business.today(), driver=driver, route=route)
    order = Order.create(customer, items=[NewLineItem("Shirt", Decimal("4.50"))], stop=stop)
    stop.complete(driver, new_orders=[order], bags_delivered=2)
    (properties,) = receiver.wait_for("Pickup Completed")
    assert {
        name: properties[name]
        for name in ("driver", "had_pickup", "had_delivery", "total_pickups", "total_deliveries")
    } == {
        "driver": "Dan Driver",
        "had_pickup": True,
        "had_delivery": True,
        "total_pickups": 1,
        "total_deliveries": 2,
    }

    tomorrow = business.today() + timedelta(days=1)
    pickup = customer.schedule_pickup(tomorrow)
    (properties,) = receiver.wait_for("Pickup Scheduled")
    assert properties == {"scheduled_by": "Employee", "pickup_date": tomorrow.isoformat()}

    pickup.cancel(via="Text")
    (properties,) = receiver.wait_for("Customer Canceled Pickup")
    assert properties == {"canceled_via": "Text", "pickup_date": tomorrow.isoformat()}
    # A cancellation by text shows that the phone is mobile.
    receiver.wait_for_trait("isMobile", True)

    customer.request_regular_pickups()
    receiver.wait_for("Customer Requested Regular Pickups")
    receiver.wait_for_trait("deliveryPreference", "Route Approval Pending")
    assert_everything_logged_once(segment)


@pytest.mark.slow
def test_the_birthday_and_the_loss_of_a_customer_send_their_messages(
    receiver: ReceivedMessages, business: Business, segment: SegmentStandIn
) -> None:
    customer = sign_up(business)
    field = CustomFieldFactory.create(business=business, birthday=True)
    CustomFieldValueFactory.create(
        customer=customer, field=field, value=f"1990-{business.today():%m-%d}"
    )
    integration = Integration.objects.get(business=business)
    integration.birthday_field, integration.birthday_hour = field, 0
    integration.save()
    # Beat's ticks: the new field is a trait of customers whom Segment knows.
    tasks.fan_out_trait_changes.delay()
    tasks.sweep_birthdays.delay()
    (properties,) = receiver.wait_for("Customer Birthday")
    assert properties == {"birthday": f"{business.today():%m-%d}"}
    receiver.wait_for_trait("birthday", f"1990-{business.today():%m-%d}")

    Integration.objects.update(enabled_at=timezone.now() - timedelta(days=60))
    three_weeks_ago = datetime.combine(
        business.today() - timedelta(days=21), time(12), ZoneInfo(business.time_zone)
    )
    customer.visit_frequency, customer.last_visit = "weekly", three_weeks_ago
    customer.created_at = timezone.now() - timedelta(days=100)
    customer.save()
    tasks.sweep_lost.delay()
    (properties,) = receiver.wait_for("Customer Lost")
    assert (properties["days_since_visit"], properties["visit_frequency"]) == (21, "weekly")

    customer.change_phone("415-555-0199", is_mobile=True)
    receiver.wait_for_trait("phone", "(415) 555 0199")
    assert_everything_logged_once(segment)
