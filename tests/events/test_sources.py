"""A new write key or region means another Segment source, which knows no customer.

So each customer is identified again, once, before their next event.
"""

from typing import Any

import pytest

from customers.models import Customer
from events.models import AcceptedTraits, Integration
from smrt_integration.delivery.deliver import Delivery
from tests.conftest import WRITE_KEY
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
OTHER_KEY = "Z" * 32


@pytest.fixture
def known_customer(
    segment: SegmentStandIn, integration: Integration, customer: Customer
) -> Customer:
    """A customer that Segment knows. It also knows another one, who does nothing more."""
    for one in (customer, CustomerFactory.create(business=customer.business)):
        one.email = "new@example.com"
        one.save()
    Delivery().run()
    assert AcceptedTraits.objects.count() == 2
    segment.reset()
    return customer


def arrived(segment: SegmentStandIn) -> list[tuple[str, str]]:
    """Deliver now. Return each message's event and its write key."""
    Delivery().run()
    return [
        (arrival.message.get("event", "identify"), arrival.write_key)
        for arrival in segment.messages()
    ]


def save(integration: Integration, **config: Any) -> None:
    for name, value in config.items():
        setattr(integration, name, value)
    integration.save()


@pytest.mark.parametrize(
    ("config", "key"), [({"write_key": OTHER_KEY}, OTHER_KEY), ({"region": "eu"}, WRITE_KEY)]
)
def test_after_a_change_of_source_an_identify_precedes_the_first_event_only(
    segment: SegmentStandIn,
    integration: Integration,
    known_customer: Customer,
    config: dict[str, str],
    key: str,
) -> None:
    with nothing_written():
        save(integration, **config)
    assert arrived(segment) == []
    pickup = known_customer.schedule_pickup(known_customer.business.today())
    assert arrived(segment) == [("identify", key), ("Pickup Scheduled", key)]
    pickup.cancel(via="Website")
    assert arrived(segment)[2:] == [("Customer Canceled Pickup", key)]
    assert {message["userId"] for message in segment.accepted()} == {str(known_customer.uuid)}


def test_a_new_source_gets_traits_that_the_old_source_had_already_accepted(
    segment: SegmentStandIn, integration: Integration, known_customer: Customer
) -> None:
    """The same traits were accepted, but by the old source."""
    save(integration, write_key=OTHER_KEY)
    known_customer.email = "newer@example.com"
    known_customer.save()
    known_customer.email = "new@example.com"
    known_customer.save()
    assert arrived(segment) == [("identify", OTHER_KEY)]


@pytest.mark.parametrize(
    "config", [{"muted": ["Order Ready"]}, {"weekly_limit": 20}, {"write_key": WRITE_KEY}, {}]
)
def test_other_changes_of_the_integration_identify_nobody(
    segment: SegmentStandIn,
    integration: Integration,
    known_customer: Customer,
    config: dict[str, Any],
) -> None:
    save(integration, **config)
    known_customer.schedule_pickup(known_customer.business.today())
    assert arrived(segment) == [("Pickup Scheduled", WRITE_KEY)]


def test_going_back_to_the_old_source_identifies_customers_again(
    segment: SegmentStandIn, integration: Integration, known_customer: Customer
) -> None:
    """We keep only the last accepted traits, and those are of the other source."""
    save(integration, write_key=OTHER_KEY)
    pickup = known_customer.schedule_pickup(known_customer.business.today())
    Delivery().run()
    save(integration, write_key=WRITE_KEY)
    pickup.cancel(via="Website")
    assert arrived(segment)[2:] == [
        ("identify", WRITE_KEY),
        ("Customer Canceled Pickup", WRITE_KEY),
    ]
