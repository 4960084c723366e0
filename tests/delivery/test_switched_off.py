"""Switched off: what waits is kept until the owner switches on again."""

import pytest

from events.models import Integration
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    deliver,
    event_names,
    logged,
    message_ids,
    sending_business,
    sign_up,
)
from tests.segment import SegmentStandIn


@pytest.mark.django_db
def test_waiting_messages_are_kept_and_sent_after_switching_on_again(
    segment: SegmentStandIn,
) -> None:
    business = sending_business(WRITE_KEY)
    add_visits(2, sign_up(business))
    recorded = message_ids()
    integration = Integration.objects.get(business=business)
    integration.enabled = False
    integration.save()

    deliver()

    assert (segment.requests(), logged(), message_ids()) == ([], [], recorded)
    integration.enabled = True
    integration.save()
    deliver()
    assert [message["messageId"] for message in segment.accepted()] == recorded
    assert event_names(segment.accepted()) == [
        "identify",
        "New Customer Signup",
        "Customer Visit",
        "Customer Visit",
    ]


@pytest.mark.django_db
def test_nothing_is_recorded_while_switched_off(segment: SegmentStandIn) -> None:
    business = sending_business(WRITE_KEY, enabled=False)
    sign_up(business)

    deliver()

    assert (message_ids(), segment.requests()) == ([], [])
