"""An identify that Segment refuses alone: once more with fewer traits, else the tracks wait."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from customers.models import Customer
from events.jobs.resend import resend
from events.models import HeldTrack, Integration, Lane, RefusedTraits
from events.outbox.expire import expire
from events.outbox.fan_out import fan_out_all
from events.send_log.pages import entries_by_id
from smrt_integration.delivery.claim import claim_lanes
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.load import MAX_ROWS_PER_LANE
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    lane_of,
    logged,
    outcomes,
    sending_business,
    sign_up,
    waiting,
    write_key,
)
from tests.factories import BrandFactory, CustomFieldFactory, CustomFieldValueFactory
from tests.segment import SegmentStandIn


def identifies(segment: SegmentStandIn) -> list[dict[str, Any]]:
    return [message for message in segment.accepted() if message["type"] == "identify"]


def rename(customer: Customer, first_name: str) -> None:
    customer.first_name = first_name
    customer.save()


def add_field(customer: Customer, name: str, value: str) -> None:
    field = CustomFieldFactory.create(business=customer.business, name=name)
    CustomFieldValueFactory.create(customer=customer, field=field, value=value)


def held() -> list[HeldTrack]:
    return list(HeldTrack.objects.order_by("id"))


@pytest.fixture
def customer(segment: SegmentStandIn, db: None) -> Customer:
    """Nobody that Segment knows: an identify and a signup wait. Segment accepts the key."""
    business = sending_business(WRITE_KEY)
    sign_up(business)
    deliver()
    segment.reset()
    return sign_up(business, first_name="Bad", last_name="Day")


@pytest.fixture
def refused(customer: Customer, segment: SegmentStandIn) -> Customer:
    """One whose first identify Segment refused, whatever was left out. One signup is held."""
    sign_up(customer.business)
    segment.fault("refuse_messages", contains='"firstName": "Bad"')
    deliver()
    segment.reset()
    assert len(held()) == 1
    return customer


def test_the_largest_custom_field_is_left_out_first_and_the_events_follow(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_field(customer, "Notes", "poison " * 30)
    add_field(customer, "Starch", "light")
    segment.fault("refuse_messages", contains="poison")

    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]
    (identify,) = identifies(segment)
    assert identify["traits"]["customFields"] == [{"name": "Starch", "value": "light"}]
    assert identify["traits"]["lastName"] == "Day"
    entry = logged(event="identify")[-1]
    assert (entry.outcome, entry.attempts) == ("accepted", 1)
    assert entry.message is not None
    assert entry.message["traits"]["customFields"] == identify["traits"]["customFields"]
    assert entry.reason == (
        "Segment does not take all of this customer's details. Left out: the custom field Notes."
    )
    assert (waiting(), held()) == ([], [])


def test_then_every_trait_that_can_be_left_out_is_omitted_and_never_null(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_field(customer, "Starch", "light")
    segment.fault("refuse_messages", contains='"lastName": "Day"')

    deliver()

    (identify,) = identifies(segment)
    assert set(identify["traits"]) == {
        "email",
        "firstName",
        "phoneE164",
        "receiveEmails",
        "receiveTexts",
    }
    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]


def test_an_identify_that_is_too_large_alone_is_tried_with_fewer_traits_too(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_field(customer, "Notes", "n" * 900)
    segment.fault("status", status=413, times=1)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]
    assert "customFields" not in segment.accepted()[0]["traits"]


def test_what_was_left_out_is_left_out_at_once_until_it_changes(
    customer: Customer, segment: SegmentStandIn
) -> None:
    add_field(customer, "Notes", "poison " * 30)
    segment.fault("refuse_messages", contains="poison")
    deliver()
    requests = len(segment.requests())

    customer.save()
    rename(customer, "Anna")
    deliver()
    assert len(segment.requests()) == requests + 1
    assert identifies(segment)[-1]["traits"]["firstName"] == "Anna"
    assert "customFields" not in identifies(segment)[-1]["traits"]

    value = customer.custom_values.get()
    value.value = "no starch"
    value.save()
    deliver()

    assert len(segment.requests()) == requests + 2
    assert identifies(segment)[-1]["traits"]["customFields"] == [
        {"name": "Notes", "value": "no starch"}
    ]
    assert not RefusedTraits.objects.exists()


def test_the_events_of_a_customer_who_is_refused_wait_and_the_same_traits_are_not_posted_again(
    customer: Customer, segment: SegmentStandIn
) -> None:
    segment.fault("refuse_messages", contains='"firstName": "Bad"')
    other = sign_up(customer.business)
    add_visits(2, customer, other)

    deliver()

    assert {message["userId"] for message in segment.accepted()} == {str(other.uuid)}
    assert len(segment.accepted()) == 4
    assert [(entry.event, entry.customer_id) for entry in logged(outcome="rejected")] == [
        ("identify", customer.pk)
    ]
    assert [track.event for track in held()] == ["New Customer Signup"] + ["Customer Visit"] * 2
    assert (waiting(), lane_of(customer.business).stopped) == ([], "")

    posted = len(segment.requests())
    add_visits(1, customer)
    customer.save()
    rename(customer, "Anna")
    rename(customer, "Bad")
    deliver()

    assert len(segment.requests()) == posted
    assert (len(held()), waiting()) == (4, [])
    assert claim_lanes(timezone.now(), 10, from_zero=True) == []
    assert logged(outcome="skipped")[-1].reason == (
        "Segment refused these customer details before, and nothing about the customer has changed."
    )


def test_once_an_identify_is_accepted_the_held_events_leave_at_once_in_order(
    refused: Customer, segment: SegmentStandIn
) -> None:
    add_visits(2, refused)
    rename(refused, "Good")
    # above what is held
    floor = waiting()[0].pk - 1
    Lane.objects.update(floor=floor, next_floor=floor, floor_at=timezone.now())

    deliver()

    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]
    assert [entry.subject_id for entry in logged(event="Customer Visit")] == [1, 2]
    assert (waiting(), held(), RefusedTraits.objects.count()) == ([], [], 0)


def test_another_destination_starts_afresh(refused: Customer, segment: SegmentStandIn) -> None:
    integration = Integration.objects.get(business=refused.business)
    integration.write_key = write_key(2)
    integration.save()

    deliver()

    assert event_names(segment.accepted(write_key(2))) == ["identify", "New Customer Signup"]
    assert held() == []


def test_a_renamed_brand_brings_a_refused_customer_a_new_identify(
    customer: Customer, segment: SegmentStandIn
) -> None:
    brand = BrandFactory.create(business=customer.business, name="Old Name")
    Customer.objects.filter(pk=customer.pk).update(brand=brand)
    sign_up(customer.business)
    segment.fault("refuse_messages", contains='"firstName": "Bad"')
    deliver()
    segment.clear_faults()
    assert held()
    brand.name = "New Name"
    brand.save()

    fan_out_all()
    deliver()

    assert event_names(segment.accepted())[-2:] == ["identify", "New Customer Signup"]
    assert held() == []


def test_the_held_events_of_a_deleted_customer_are_sent(
    refused: Customer, segment: SegmentStandIn
) -> None:
    refused.delete()

    deliver(from_zero=True)

    assert event_names(segment.accepted()) == ["New Customer Signup"]
    assert held() == []


def test_a_refused_identify_that_is_sent_again_is_posted(
    refused: Customer, segment: SegmentStandIn
) -> None:
    segment.clear_faults()
    (entry,) = logged(outcome="rejected")
    business_id = refused.business_id

    assert resend(business_id, entries_by_id([entry.pk], [business_id]), None, timezone.now()) == 1
    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]


def test_held_events_expire_after_30_days(refused: Customer) -> None:
    HeldTrack.objects.update(recorded_at=timezone.now() - timedelta(days=31))

    assert expire(timezone.now()) == 1

    assert (held(), outcomes(event="New Customer Signup")[-1][1]) == ([], "expired")


def test_a_worker_that_lost_its_lease_holds_nothing(
    customer: Customer, segment: SegmentStandIn
) -> None:
    sign_up(customer.business)
    segment.fault("refuse_messages", contains='"firstName": "Bad"')
    delivery = Delivery()
    delivery._start_round()
    Lane.objects.update(lease_token=uuid4())
    delivery._settle(5.0)

    assert {row.event for row in waiting(customer=customer)} == {"identify", "New Customer Signup"}
    assert (held(), RefusedTraits.objects.count()) == ([], 0)


def test_held_events_fill_no_lanes_round_and_later_events_of_others_are_sent(
    refused: Customer, segment: SegmentStandIn
) -> None:
    other = sign_up(refused.business)
    add_visits(MAX_ROWS_PER_LANE + 1, refused)
    add_visits(1, other)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup", "Customer Visit"]
    assert (len(held()), waiting()) == (MAX_ROWS_PER_LANE + 2, [])
