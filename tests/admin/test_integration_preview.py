"""The preview shows exactly what would be sent, for every event, and changes nothing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.links import account_link
from customers.models import Business, Customer, CustomFieldValue, Order
from events.catalogue import EVENTS
from events.definitions.upcoming import next_birthday
from events.models import Integration, Lane
from smrt_integration.delivery.build import HIDDEN_LINK
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.delivery.preview import preview
from tests.admin.conftest import logged_in
from tests.admin.test_integration_page import text
from tests.events.golden_business import TUESDAY, GoldenBusiness
from tests.events.outbox_rows import nothing_written
from tests.events.scenarios import SCENARIOS
from tests.events.test_golden import on_a_tuesday
from tests.factories import CustomerFactory, CustomFieldFactory, OrderFactory
from tests.segment import SegmentStandIn

__all__ = ["on_a_tuesday"]
pytestmark = pytest.mark.django_db
NOT_SHOWN_SO = {
    # It returns two items at the same time, so neither of them is the latest.
    "order-line-item-returned",
    # The preview shows events as they are sent when they happen.
    "order-returned-backfilled",
}


@pytest.fixture
def office(support: User) -> Client:
    return logged_in(support)


def looked(client: Client, business: Business, **query: Any) -> Any:
    response = client.get(reverse("admin:events_integration_preview", args=[business.pk]), query)
    assert response.status_code == 200
    return response


def told(client: Client, customer: Customer, event: str) -> str:
    return " ".join(
        text(looked(client, customer.business, customer=customer.pk, event=event)).split()
    )


@pytest.mark.usefixtures("on_a_tuesday")
@pytest.mark.parametrize("name", sorted(SCENARIOS.keys() - NOT_SHOWN_SO))
def test_it_is_what_segment_got_when_it_happened(name: str, segment: SegmentStandIn) -> None:
    business = GoldenBusiness()
    event = SCENARIOS[name](business)
    Delivery().run()
    (sent,) = [
        message for message in segment.accepted() if message.get("event", message["type"]) == event
    ]
    customer = Customer.objects.get(uuid=sent["userId"])
    now = TUESDAY + timedelta(days=1) if event == "Customer Lost" else TUESDAY

    with nothing_written():
        shown = preview(event, customer, Integration.objects.select_related("business").get(), now)

    message = json.loads(shown.body)
    assert len(message.pop("messageId")) == len(sent.pop("messageId")) == 32
    if event == "identify":
        assert sent["traits"].pop("link") == account_link(customer.uuid, customer.link_version)
        assert message["traits"].pop("link") == HIDDEN_LINK
    assert message == {name: value for name, value in sent.items() if name != "sentAt"}


def test_the_page_shows_it_and_neither_sends_nor_writes(
    office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
) -> None:
    Order.create(customer, number="4711")
    lane = Lane.objects.values().get()
    with nothing_written():
        shown = told(office, customer, "Order Created")
    assert "Order Created of" in shown
    assert "&quot;order_id&quot;: &quot;4711&quot;" in shown
    assert "From order “4711” as it is now." in shown
    assert segment.requests() == []
    assert Lane.objects.values().get() == lane


def test_the_link_is_shown_nowhere(
    office: Client, integration: Integration, customer: Customer
) -> None:
    shown = told(office, customer, "identify")
    assert "(hidden: it opens the customer" in shown
    assert account_link(customer.uuid, customer.link_version).rpartition("/")[2] not in shown


@pytest.mark.parametrize(
    "event",
    [event.name for event in EVENTS if event.name not in {"New Customer Signup", "Customer Lost"}],
)
def test_what_a_customer_never_had_is_said_and_not_made_up(
    office: Client, integration: Integration, customer: Customer, event: str
) -> None:
    shown = looked(office, integration.business, customer=customer.pk, event=event).context[
        "preview"
    ]
    assert shown.body == ""
    assert shown.source.startswith("There is nothing to show. ")


def test_it_says_when_a_customer_has_no_date_in_the_birthday_field(
    office: Client, integration: Integration, customer: Customer
) -> None:
    field = CustomFieldFactory.create(business=integration.business, birthday=True, name="Born on")
    Integration.objects.update(birthday_field=field)
    assert "This customer has no date in the custom field “Born on”." in told(
        office, customer, "Customer Birthday"
    )
    CustomFieldValue.record(customer, field, "02-29")
    assert "&quot;birthday&quot;: &quot;02-29&quot;" in told(office, customer, "Customer Birthday")


def test_a_birthday_is_shown_for_the_next_day_on_which_it_is_celebrated() -> None:
    day = datetime(2025, 3, 1, tzinfo=UTC).date()
    assert [str(next_birthday(birthday, day)) for birthday in ("02-29", "03-01", "12-31")] == [
        "2026-02-28",
        "2025-03-01",
        "2025-12-31",
    ]
    assert str(next_birthday("02-29", datetime(2027, 12, 1, tzinfo=UTC).date())) == "2028-02-29"


def test_a_customer_who_is_not_lost_is_shown_with_the_day_on_which_they_would_be(
    office: Client, integration: Integration, customer: Customer
) -> None:
    day = integration.business.today(customer.created_at) + timedelta(days=93)
    shown = told(office, customer, "Customer Lost")
    assert (
        f"As of {integration.business.clock.day(day)}, if the customer does not visit before."
        in shown
    )
    assert "&quot;days_since_visit&quot;: 93" in shown


@pytest.mark.parametrize(
    ("config", "event", "said"),
    [
        (
            {"enabled": False},
            "New Customer Signup",
            "The integration is switched off, so we do not send this.",
        ),
        (
            {"muted": ["New Customer Signup"]},
            "New Customer Signup",
            "This event is switched off, so we do not send it.",
        ),
        (
            {},
            "New Customer Signup",
            "Segment does not know this customer yet, so we send the customer details first.",
        ),
    ],
)
def test_what_keeps_it_from_being_sent_just_so_is_noted(
    office: Client,
    integration: Integration,
    customer: Customer,
    config: dict[str, Any],
    event: str,
    said: str,
) -> None:
    Integration.objects.update(**config)
    assert said in told(office, customer, event)


def test_details_that_segment_has_already_are_noted_as_such(
    office: Client, integration: Integration, customer: Customer, segment: SegmentStandIn
) -> None:
    OrderFactory.create(customer=customer)
    Delivery().run()
    assert "Segment has these details already" in told(office, customer, "identify")
    customer.first_name = "Zoë"
    customer.save()
    assert "Segment has these details already" not in told(office, customer, "identify")


class TestChoosingACustomer:
    def test_begins_with_the_latest_visitor(
        self, office: Client, integration: Integration, customer: Customer
    ) -> None:
        recent = CustomerFactory.create(business=integration.business, last_visit=timezone.now())
        response = looked(office, integration.business)
        assert (response.context["customer"], response.context["others"]) == (recent, [customer])

    def test_finds_by_the_beginning_of_the_last_name(
        self, office: Client, integration: Integration, customer: Customer
    ) -> None:
        other = CustomerFactory.create(business=integration.business, last_name="Zimmermann")
        response = looked(office, integration.business, q="zimm", event="Customer Lost")
        assert (
            response.context["customer"],
            response.context["others"],
            response.context["event"],
        ) == (other, [], "Customer Lost")

    def test_finds_none_of_another_business(
        self, office: Client, integration: Integration, other_business: Business
    ) -> None:
        stranger = CustomerFactory.create(business=other_business, last_name="Zimmermann")
        for query in (
            {"q": "zimm"},
            {"customer": stranger.pk},
            {"customer": "x"},
            {"customer": "9" * 30},
        ):
            assert "Zimmermann" not in text(looked(office, integration.business, **query))

    def test_with_an_event_that_does_not_exist_shows_nothing(
        self, office: Client, integration: Integration, customer: Customer
    ) -> None:
        response = looked(office, integration.business, customer=customer.pk, event="Order Redy")
        assert "Select a valid choice." in text(response)
        assert "shown" not in response.context

    def test_without_any_customers_says_so(self, office: Client, business: Business) -> None:
        assert "No customer found." in text(looked(office, business))
