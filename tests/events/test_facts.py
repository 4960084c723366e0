"""An event has the facts of when it happened, even if records change before it is sent."""

import json
from decimal import Decimal
from typing import Any

import pytest

from customers.models import Customer, Discount, LineItem, NewLineItem, Order, Stop
from events.models import Integration, Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.events.golden_business import GoldenBusiness
from tests.events.outbox_rows import facts, waiting
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    EmployeeFactory,
    OrderFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def golden_business() -> GoldenBusiness:
    return GoldenBusiness()


def posted(segment: SegmentStandIn, event: str) -> dict[str, Any]:
    """Deliver now. Return the properties of the one message of this event."""
    Delivery().run()
    (message,) = [message for message in segment.accepted() if message.get("event") == event]
    properties: dict[str, Any] = message["properties"]
    return properties


def recorded() -> list[Any]:
    return list(Outgoing.objects.exclude(event="identify").order_by("id").values())


def rename(*records: Any) -> None:
    for record in records:
        record.name = f"{record.name} (was renamed)"
        record.save()


def test_renamed_records_do_not_change_recorded_facts(
    golden_business: GoldenBusiness, segment: SegmentStandIn
) -> None:
    golden_business.switch_on()
    ann = golden_business.create_ann(brand=golden_business.create(BrandFactory, name="Premium"))
    order = golden_business.create_order(ann, discount=golden_business.create_loyalty_discount())
    order.return_to_customer(by=golden_business.create(EmployeeFactory, name="Carlos Counter"))
    before = recorded()
    item = LineItem.objects.filter(order=order).select_related("department")[0]
    rename(
        order.agent,
        order.sold_by,
        order.returned_by,
        order.discount,
        ann.brand,
        item.department,
        golden_business.record,
    )
    assert recorded() == before
    properties = posted(segment, "Order Returned")
    assert "renamed" not in json.dumps(properties)
    assert properties["discount"] == {
        "name": "Loyalty 10%",
        "description": "After ten orders",
        "value": 10,
    }


def test_a_later_change_of_a_discount_does_not_change_recorded_facts(
    golden_business: GoldenBusiness,
) -> None:
    golden_business.switch_on()
    loyal = golden_business.create_loyalty_discount()
    golden_business.create_order(golden_business.create_ann(), discount=loyal)
    Discount.objects.update(value=Decimal(50), description="For everybody")
    assert facts("Order Created")["discount"] == {
        "name": "Loyalty 10%",
        "description": "After ten orders",
        "value": 10.00,
    }


def test_a_later_change_of_the_total_does_not_change_recorded_facts(
    golden_business: GoldenBusiness, segment: SegmentStandIn
) -> None:
    golden_business.switch_on()
    order = golden_business.create_order(golden_business.create_ann())
    order.add_items([NewLineItem("Wedding dress", Decimal(250))])
    assert order.total == Decimal("315.23")
    assert posted(segment, "Order Created")["value"] == 43.67


def test_each_event_of_an_order_has_the_total_of_its_own_time(
    golden_business: GoldenBusiness,
) -> None:
    golden_business.switch_on()
    order = golden_business.create_order(golden_business.create_ann())
    order.add_items([NewLineItem("Tie", Decimal(7))])
    order.mark_ready()
    assert (facts("Order Created")["value"], facts("Order Ready")["value"]) == ("43.67", "51.27")


def test_records_deleted_before_delivery_are_still_named(
    golden_business: GoldenBusiness, segment: SegmentStandIn
) -> None:
    golden_business.switch_on()
    order = golden_business.create_order(
        golden_business.create_ann(), discount=golden_business.create_loyalty_discount()
    )
    agent, clerk, discount = order.agent, order.sold_by, order.discount
    assert agent
    assert clerk
    assert discount
    order.delete()
    for record in (agent, clerk, discount):
        record.delete()
    properties = posted(segment, "Order Created")
    assert (properties["agent"], properties["sold_by"], properties["discount"]["name"]) == (
        "Market Street",
        "Carla Counter",
        "Loyalty 10%",
    )


def test_events_of_a_customer_deleted_before_delivery_are_still_sent(
    golden_business: GoldenBusiness, segment: SegmentStandIn
) -> None:
    golden_business.switch_on()
    ann = golden_business.create_ann()
    user_id = str(ann.uuid)
    order = OrderFactory.create(business=golden_business.record, customer=ann, number="1001")
    order.delete()
    ann.delete()
    Delivery().run()
    assert [(message.get("event"), message["userId"]) for message in segment.accepted()] == [
        ("New Customer Signup", user_id),
        ("Order Created", user_id),
    ]


def test_a_later_change_of_a_stop_does_not_change_recorded_facts(
    golden_business: GoldenBusiness, segment: SegmentStandIn
) -> None:
    golden_business.switch_on()
    ann = golden_business.create_ann()
    ann.business = golden_business.record
    stop = Stop.schedule(
        ann,
        golden_business.record.today(),
        driver=golden_business.create(EmployeeFactory, name="Dan Driver"),
        route=golden_business.create(AgentFactory, name="Route 7"),
    )
    stop.complete(bags_delivered=1)
    before = recorded()
    rename(stop.driver, stop.route)
    Stop.objects.update(street="99 Moved Street", driver=None, route=None)
    Customer.objects.update(street="99 Moved Street")
    assert recorded() == before
    properties = posted(segment, "Pickup Completed")
    assert (properties["driver"], properties["route"], properties["address"]["street"]) == (
        "Dan Driver",
        "Route 7",
        "12 Example Street",
    )


def test_each_event_has_the_brand_of_its_own_time(golden_business: GoldenBusiness) -> None:
    golden_business.switch_on()
    ann = golden_business.create_ann(brand=golden_business.create(BrandFactory, name="Premium"))
    Order.create(ann, number="1")
    ann.brand = golden_business.create(BrandFactory, name="Budget")
    ann.save()
    Order.create(ann, number="2")
    ann.brand = None
    ann.save()
    Order.create(ann, number="3")
    brands = [row.facts["customer_brand"] for row in waiting(event="Order Created")]
    assert brands == ["Premium", "Budget", "Bayview Cleaners"]


def test_a_name_changed_later_in_the_transaction_does_not_change_recorded_facts(
    golden_business: GoldenBusiness,
) -> None:
    """Facts are read by the statement that records the event, not at the end of the transaction."""
    golden_business.switch_on()
    agent = golden_business.create(AgentFactory, name="Market Street")
    Order.create(golden_business.create_ann(), agent=agent)
    rename(agent)
    assert facts("Order Created")["agent"] == "Market Street"


def test_facts_have_the_name_from_the_database_not_from_an_old_copy(
    golden_business: GoldenBusiness,
) -> None:
    """The object in memory may be out of date."""
    golden_business.switch_on()
    agent = golden_business.create(AgentFactory, name="Market Street")
    type(agent).objects.filter(pk=agent.pk).update(name="Market and 4th")
    Order.create(golden_business.create_ann(), agent=agent)
    assert agent.name == "Market Street"
    assert facts("Order Created")["agent"] == "Market and 4th"


def test_another_business_s_customer_is_never_named(
    golden_business: GoldenBusiness, integration: Integration
) -> None:
    golden_business.switch_on()
    CustomerFactory.create(business=integration.business, first_name="Stranger")
    golden_business.create_order(golden_business.create_ann())
    rows = waiting(business=golden_business.record)
    assert {row.business_id for row in rows} == {golden_business.record.pk}
    assert "Stranger" not in json.dumps([row.facts for row in rows])
