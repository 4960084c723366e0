"""Another Segment source knows nobody: who does something after the write key or the region changed
is identified anew, once.
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
def known(segment: SegmentStandIn, integration: Integration, customer: Customer) -> Customer:
    """Identified, as is another customer who will do nothing any more."""
    for one in (customer, CustomerFactory.create(business=customer.business)):
        one.email = "new@example.com"
        one.save()
    Delivery().run()
    assert AcceptedTraits.objects.count() == 2
    segment.reset()
    return customer


def arrived(segment: SegmentStandIn) -> list[tuple[str, str]]:
    """What, and with which key; delivered now."""
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
def test_the_first_event_after_it_is_preceded_by_an_identify_and_the_second_is_not(
    segment: SegmentStandIn,
    integration: Integration,
    known: Customer,
    config: dict[str, str],
    key: str,
) -> None:
    with nothing_written():
        save(integration, **config)
    assert arrived(segment) == []
    pickup = known.schedule_pickup(known.business.today())
    assert arrived(segment) == [("identify", key), ("Pickup Scheduled", key)]
    pickup.cancel(via="Website")
    assert arrived(segment)[2:] == [("Customer Canceled Pickup", key)]
    assert {message["userId"] for message in segment.accepted()} == {str(known.uuid)}


def test_a_customer_whose_traits_did_not_change_otherwise_is_told_of_to_the_new_source(
    segment: SegmentStandIn, integration: Integration, known: Customer
) -> None:
    """The same traits were accepted, but elsewhere."""
    save(integration, write_key=OTHER_KEY)
    known.email = "newer@example.com"
    known.save()
    known.email = "new@example.com"
    known.save()
    assert arrived(segment) == [("identify", OTHER_KEY)]


@pytest.mark.parametrize(
    "config", [{"muted": ["Order Ready"]}, {"weekly_limit": 20}, {"write_key": WRITE_KEY}, {}]
)
def test_saving_anything_else_identifies_nobody(
    segment: SegmentStandIn, integration: Integration, known: Customer, config: dict[str, Any]
) -> None:
    save(integration, **config)
    known.schedule_pickup(known.business.today())
    assert arrived(segment) == [("Pickup Scheduled", WRITE_KEY)]


def test_going_back_to_the_old_source_identifies_again(
    segment: SegmentStandIn, integration: Integration, known: Customer
) -> None:
    """What was last accepted is what the other source knows."""
    save(integration, write_key=OTHER_KEY)
    pickup = known.schedule_pickup(known.business.today())
    Delivery().run()
    save(integration, write_key=WRITE_KEY)
    pickup.cancel(via="Website")
    assert arrived(segment)[2:] == [
        ("identify", WRITE_KEY),
        ("Customer Canceled Pickup", WRITE_KEY),
    ]
