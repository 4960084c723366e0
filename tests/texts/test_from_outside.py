"""A text reaches the customer's phone, and their "No" reaches Segment."""

import time

import pytest

from customers.models import Customer, IncomingText, PickupRequest
from events import clock
from events.models import Integration
from smrt_integration import tasks
from smrt_integration.delivery.deliver import Delivery
from tests.segment import SegmentStandIn
from tests.texts.conftest import EVENING, NUMBER
from tests.twilio import DeliveredText, TwilioStandIn, automatic_replies, post_incoming_text

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_no_to_the_nightly_text_cancels_the_pickup_and_segment_learns_it(
    twilio: TwilioStandIn,
    segment: SegmentStandIn,
    integration: Integration,
    customer: Customer,
    pickup: PickupRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The task asks the database for the time, whose clock goes on: it was read in the evening.
    with monkeypatch.context() as evening:
        evening.setattr(clock, "_read", (EVENING, time.monotonic()))
        assert tasks.send_texts() == "1 sent"
    business = customer.business.name
    assert twilio.texts() == [
        DeliveredText(
            customer.phone,
            NUMBER,
            f"{business}: {customer.first_name}, our van will come for your pickup tomorrow, "
            "Tuesday, November 24. Reply NO to cancel it. Reply STOP to opt out.",
        )
    ]

    assert automatic_replies(post_incoming_text(customer.phone, NUMBER, "No!")) == [
        "Your pickup on Tuesday, November 24 is canceled. Thank you for telling us."
    ]

    pickup.refresh_from_db()
    assert (pickup.status, pickup.canceled_via) == ("canceled", "Text")
    Delivery().run()
    messages = segment.accepted()
    events = [message for message in messages if message.get("event") == "Customer Canceled Pickup"]
    assert [event["properties"] for event in events] == [
        {"canceled_via": "Text", "pickup_date": "2026-11-24"}
    ]
    identifies = [message["traits"] for message in messages if message["type"] == "identify"]
    assert [traits["isMobile"] for traits in identifies] == [True]
    text = IncomingText.objects.get()
    assert (text.customer, text.pickup, text.meaning, text.outcome, text.handled) == (
        customer,
        pickup,
        "no",
        "canceled",
        True,
    )
