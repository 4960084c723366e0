"""A message that is too large or cannot be built is refused alone, and keeps its facts."""

from typing import Any

import pytest

from customers.models import Customer
from events.models import Outgoing
from smrt_integration.delivery.pack import MAX_MESSAGE_BYTES
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    event_names,
    lane_of,
    logged,
    outcomes,
    sending_business,
    sign_up,
    waiting,
)
from tests.factories import CustomFieldFactory, CustomFieldValueFactory
from tests.segment import SegmentStandIn


def change(customer: Customer, **values: Any) -> Outgoing:
    """Give the one visit that waits other values."""
    Outgoing.objects.filter(customer=customer, event="Customer Visit").update(**values)
    return Outgoing.objects.get(
        customer=customer, subject_id=1, event__in=["Customer Visit", values.get("event", "")]
    )


@pytest.fixture
def customer(segment: SegmentStandIn, db: None) -> Customer:
    """Known to Segment, with one visit waiting."""
    customer = sign_up(sending_business(WRITE_KEY))
    deliver()
    add_visits(1, customer)
    segment.reset()
    return customer


def test_an_oversized_event_is_refused_without_a_post_and_keeps_its_facts(
    customer: Customer, segment: SegmentStandIn
) -> None:
    facts = {"visit_type": "Store" * 8_000}
    change(customer, facts=facts)

    deliver()

    (rejected,) = logged(outcome="rejected")
    assert rejected.reason == (
        "The message is larger than the 32 KB that Segment takes. "
        "Shorten the largest part: visit_type (40 KB)."
    )
    assert (rejected.event, rejected.facts, rejected.sent_at, rejected.attempts) == (
        "Customer Visit",
        facts,
        None,
        0,
    )
    assert (segment.requests(), waiting(), lane_of(customer.business).stopped) == ([], [], "")


@pytest.mark.parametrize("letter", ["x", "é", "洗", "🧺"])
def test_the_limit_counts_the_bytes_on_the_wire(
    letter: str, customer: Customer, segment: SegmentStandIn
) -> None:
    """We post UTF-8. The SDK would write other letters than ASCII as six bytes each, or twelve."""
    change(customer, facts={"visit_type": letter})
    deliver()
    on_the_wire = len(letter.encode())
    room = (MAX_MESSAGE_BYTES - segment.messages()[0].size) // on_the_wire
    add_visits(1, customer)
    change(customer, facts={"visit_type": letter * (room + 1)})
    deliver()
    add_visits(1, customer)
    change(customer, facts={"visit_type": letter * (room + 2)})
    deliver()

    assert [arrival.verdict for arrival in segment.messages()] == ["accepted", "accepted"]
    assert MAX_MESSAGE_BYTES - on_the_wire < segment.messages()[1].size <= MAX_MESSAGE_BYTES
    assert [outcome for _, outcome in outcomes(event="Customer Visit")] == [
        "accepted",
        "accepted",
        "rejected",
    ]
    assert attempts(customer.business)[-1].bytes == segment.messages()[1].size


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"event": "Order Created", "facts": {"order_id": "A1"}}, "KeyError"),
        ({"event": "Order Created", "facts": {"value": "a lot"}}, "InvalidOperation"),
        ({"facts": "Store"}, "TypeError"),
        ({"facts": ["Store"]}, "TypeError"),
        ({"event": "Withdrawn Event"}, "KeyError"),
    ],
)
def test_an_event_that_cannot_be_built_is_refused_and_delays_no_other(
    values: dict[str, Any], reason: str, customer: Customer, segment: SegmentStandIn
) -> None:
    change(customer, **values)
    other = sign_up(customer.business)

    deliver()

    (rejected,) = logged(outcome="rejected")
    assert rejected.reason == f"The message could not be built ({reason}). Please tell support."
    assert (rejected.facts, rejected.sent_at) == (
        values.get("facts", {"visit_type": "Store"}),
        None,
    )
    assert event_names(segment.accepted()) == ["identify", "New Customer Signup"]
    assert {message["userId"] for message in segment.accepted()} == {str(other.uuid)}
    assert waiting() == []


def test_a_custom_field_of_40_kb_is_named_and_left_out(
    customer: Customer, segment: SegmentStandIn
) -> None:
    for name, size in (("Notes", 40_000), ("Starch", 20_000)):
        field = CustomFieldFactory.create(business=customer.business, name=name)
        CustomFieldValueFactory.create(customer=customer, field=field, value="n" * size)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "Customer Visit"]
    assert segment.accepted()[0]["traits"]["customFields"] == [
        {"name": "Starch", "value": "n" * 20_000}
    ]
    entry = logged(event="identify")[-1]
    assert (entry.outcome, entry.reason) == (
        "accepted",
        "Segment does not take all of this customer's details. Left out: the custom field Notes.",
    )
    assert (waiting(), lane_of(customer.business).stopped) == ([], "")


def test_a_custom_field_of_6000_chinese_characters_is_sent(
    customer: Customer, segment: SegmentStandIn
) -> None:
    """They are 18 KB. As escapes they would be 36 KB."""
    field = CustomFieldFactory.create(business=customer.business, name="备注")
    CustomFieldValueFactory.create(customer=customer, field=field, value="洗" * 6_000)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "Customer Visit"]
    assert segment.accepted()[0]["traits"]["customFields"] == [
        {"name": "备注", "value": "洗" * 6_000}
    ]
    assert logged(event="identify")[-1].reason == ""
    assert segment.messages()[0].size < 20_000


def test_of_several_large_fields_the_largest_are_left_out(
    customer: Customer, segment: SegmentStandIn
) -> None:
    for name, value in (("甲", "洗" * 6_001), ("乙", "洗" * 6_000), ("丙", "short")):
        field = CustomFieldFactory.create(business=customer.business, name=name)
        CustomFieldValueFactory.create(customer=customer, field=field, value=value)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "Customer Visit"]
    names = [field["name"] for field in segment.accepted()[0]["traits"]["customFields"]]
    assert sorted(names) == sorted(["乙", "丙"])
    assert logged(event="identify")[-1].reason == (
        "Segment does not take all of this customer's details. Left out: the custom field 甲."
    )


def test_shortening_the_field_sends_the_identify(
    customer: Customer, segment: SegmentStandIn
) -> None:
    field = CustomFieldFactory.create(business=customer.business, name="Notes")
    value = CustomFieldValueFactory.create(customer=customer, field=field, value="n" * 40_000)
    deliver()
    value.value = "n" * 4_000
    value.save()

    deliver()

    assert segment.accepted()[-1]["traits"]["customFields"] == [
        {"name": "Notes", "value": "n" * 4_000}
    ]


def test_events_of_a_deleted_customer_are_sent_and_their_identify_is_not(
    customer: Customer, segment: SegmentStandIn
) -> None:
    customer.email = "other@example.com"
    customer.save()
    user_id = str(customer.uuid)
    customer.delete()

    deliver()

    assert event_names(segment.accepted()) == ["Customer Visit"]
    assert segment.accepted()[0]["userId"] == user_id
    # nobody can say any more whether they wanted to be asked
    assert segment.accepted()[0]["integrations"] == {"Promoter.io": False}
    (skipped,) = logged(outcome="skipped")
    assert (skipped.event, skipped.reason) == (
        "identify",
        "The customer was deleted before their details could be sent.",
    )
    assert waiting() == []


def test_a_customer_deleted_before_their_first_message_is_not_identified(
    segment: SegmentStandIn, db: None
) -> None:
    customer = sign_up(sending_business(WRITE_KEY))
    customer.delete()

    deliver()

    assert event_names(segment.accepted()) == ["New Customer Signup"]
    assert outcomes() == [("identify", "skipped"), ("New Customer Signup", "accepted")]
