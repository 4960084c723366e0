"""The example event of `docs/adding-an-event.md`, found everywhere without any other edit.

Not collected by itself: `test_adding_an_event` runs it in a copy of the project that has the event.
"""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from customers.models import Customer
from events.models import Integration, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in, member, owner  # noqa: F401 - fixtures
from tests.api.conftest import Caller
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
EVENT = "Customer Replied To Text"
SENT_WHEN = "The customer replied to one of your texts for the first time."
NOT_YET = "This customer has not replied to a text."


@pytest.fixture
def replied(customer: Customer, integration: Integration) -> Customer:
    customer.record_text_reply()
    return customer


def page(user: User, name: str, *args: Any, **query: Any) -> str:
    response: Any = logged_in(user).get(reverse(f"admin:{name}", args=args), query)
    assert response.status_code == 200
    return str(response.content.decode())


def test_the_event_is_recorded_once(replied: Customer) -> None:
    replied.record_text_reply()
    (row,) = Outgoing.objects.filter(event=EVENT)
    assert (row.customer_id, row.subject_id) == (replied.pk, replied.pk)
    assert (row.occurred_at, row.facts) == (replied.text_answered_at, {"receives_texts": True})


def test_the_owner_can_switch_the_event_off(
    customer: Customer,
    integration: Integration,
    owner: User,  # noqa: F811
) -> None:
    switches = page(owner, "events_integration_change", integration.pk)
    assert EVENT in switches
    assert SENT_WHEN in switches
    integration.muted = [EVENT]
    integration.full_clean()
    integration.save()
    customer.record_text_reply()
    assert not Outgoing.objects.filter(event=EVENT).exists()


def test_the_event_can_be_previewed(
    customer: Customer,
    integration: Integration,
    owner: User,  # noqa: F811
) -> None:
    address = ("events_integration_preview", integration.pk)
    assert NOT_YET in page(owner, *address, event=EVENT, customer=customer.pk)
    customer.record_text_reply()
    assert "&quot;receives_texts&quot;: true" in page(
        owner, *address, event=EVENT, customer=customer.pk
    )


def test_the_event_is_in_the_customers_timeline(
    customer: Customer,
    integration: Integration,
    owner: User,  # noqa: F811
) -> None:
    address = ("customers_customer_timeline", customer.pk)
    assert NOT_YET in page(owner, *address)
    customer.record_text_reply()
    assert page(owner, *address).count(f"<strong>{EVENT}</strong>") == 2


def test_the_api_lists_the_event_with_its_schema(integration: Integration) -> None:
    listed = Caller(integration.business).get("event-types").json()
    (event,) = [event for event in listed if event["name"] == EVENT]
    assert event["happens_when"] == SENT_WHEN
    own, of_every_event = {"receives_texts": {"type": "boolean"}}, {"backfilled"}
    properties = event["properties"]["properties"]
    assert {name: properties[name] for name in properties if name not in of_every_event} == own


def test_the_event_reaches_segment_and_the_send_log(
    replied: Customer,
    segment: SegmentStandIn,
    owner: User,  # noqa: F811
) -> None:
    Delivery().run()
    (message,) = [m for m in segment.accepted() if m.get("event") == EVENT]
    assert message["properties"] == {"receives_texts": True}
    assert SendLog.objects.get(event=EVENT).outcome == "accepted"
    assert f'<option value="{EVENT}">{EVENT}</option>' in page(owner, "events_sendlog_changelist")
