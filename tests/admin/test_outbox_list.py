"""The list of waiting messages: why each waits, oldest first, of one's own business only."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.models import Business, Customer, Membership
from events.models import Integration, Lane, Outgoing
from events.outbox import pages
from smrt_integration.admin.messages.outbox import OutgoingAdmin
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in
from tests.admin.test_send_log_list import text
from tests.factories import BrandFactory, CustomerFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
LIST = "/admin/events/outgoing/"


@pytest.fixture
def office(owner: User, integration: Integration) -> Client:
    return logged_in(owner)


def listed(client: Client, address: str = LIST, **chosen: Any) -> list[int]:
    return [row.id for row in client.get(address, chosen).context["rows"]]


def put(customer: Customer, event: str = "Order Ready", **values: Any) -> int:
    """Put a message into the outbox. Returns its id."""
    row = Outgoing.objects.create(
        **{
            "business_id": customer.business_id,
            "customer_id": customer.pk,
            "user_id": customer.uuid,
            "event": event,
            "subject_id": 1,
            "message_id": f"{Outgoing.objects.count():032x}",
            "occurred_at": timezone.now(),
            **values,
        }
    )
    return row.pk


def test_says_that_nothing_waits(office: Client) -> None:
    assert "Nothing is waiting." in text(office.get(LIST))


def test_says_why_each_message_waits_and_what_to_do(
    office: Client, customer: Customer, segment: SegmentStandIn
) -> None:
    OrderFactory.create(customer=customer)
    segment.fault("status", status=401)
    Delivery().run()
    shown = text(office.get(LIST))
    assert "Sending stopped at" in shown
    assert "Segment refused the write key." in shown
    assert "Copy the write key from Segment" in shown
    assert "Waiting after a failure" in shown
    (order,) = Outgoing.objects.filter(event="Order Created")
    assert "Order Created" in text(office.get(f"{LIST}{order.pk}/change/"))


def test_the_oldest_comes_first(office: Client, customer: Customer) -> None:
    first, second = put(customer), put(customer, "Customer Visit")
    assert listed(office) == [first, second]


def test_filters(office: Client, business: Business, customer: Customer) -> None:
    branded = CustomerFactory.create(
        business=business, brand=BrandFactory.create(business=business)
    )
    Outgoing.objects.all().delete()
    old = put(customer, occurred_at=timezone.now() - timedelta(days=9))
    new = put(branded, "Customer Visit", message_id="f" * 32)
    day = (timezone.now() - timedelta(days=5)).date().isoformat()
    assert listed(office, event="Customer Visit") == [new]
    assert listed(office, until=day) == [old]
    assert listed(office, since=day) == [new]
    assert listed(office, brand=branded.brand_id) == [new]
    assert listed(office, brand=0) == [old]
    assert listed(office, q=branded.email) == [new]
    assert listed(office, q="f" * 32) == [new]
    assert listed(office, q="nobody at all") == []
    assert listed(office, event="Customer Visit", brand=0) == []


def test_an_order_is_found_by_its_number(office: Client, customer: Customer) -> None:
    order = OrderFactory.create(customer=customer, number="AB12CD34")
    put(customer, "Order Created", subject_id=order.pk + 1)
    (wanted,) = Outgoing.objects.filter(subject_id=order.pk, event="Order Created")
    assert listed(office, q="AB12CD34") == [wanted.pk]


def test_pages_go_on_and_back(
    office: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OutgoingAdmin, "per_page", 2)
    ids = [put(customer) for _ in range(5)]
    found, last = [], office.get(LIST)
    found += [[row.id for row in last.context["rows"]]]
    for _ in range(2):
        last = office.get(LIST + last.context["older"])
        found += [[row.id for row in last.context["rows"]]]
    assert found == [ids[:2], ids[2:4], ids[4:]]
    assert not last.context["older"]
    back = office.get(LIST + last.context["newer"])
    assert [row.id for row in back.context["rows"]] == ids[2:4]
    assert listed(office, LIST + back.context["newer"]) == ids[:2]


def test_a_filter_looks_through_so_many_and_says_so(
    office: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "OUTBOX_ROWS_SCANNED", 51)
    for _ in range(51):
        put(customer)
    late = put(customer, "Customer Visit")
    response: Any = office.get(LIST, {"event": "Customer Visit"})
    assert "This page covers 51 waiting messages; there are more." in text(response)
    assert [row.id for row in office.get(LIST + response.context["older"]).context["rows"]] == [
        late
    ]


def test_nothing_of_another_business_is_there(
    office: Client, customer: Customer, other_owner: User, other_business: Business
) -> None:
    mine = put(customer)
    theirs = put(CustomerFactory.create(business=other_business))
    assert listed(office) == [mine]
    assert listed(office, business=other_business.pk) == [mine]
    assert "This message is not waiting any more." in text(
        office.get(f"{LIST}{theirs}/change/", follow=True)
    )


def test_a_member_of_several_businesses_can_choose_one(
    office: Client, owner: User, customer: Customer, other_business: Business
) -> None:
    Membership.objects.create(user=owner, business=other_business)
    Lane.objects.get_or_create(business=other_business)
    mine, theirs = put(customer), put(CustomerFactory.create(business=other_business))
    assert listed(office) == [mine, theirs]
    assert listed(office, business=other_business.pk) == [theirs]
    assert "Switched off." in text(office.get(LIST))


def test_a_message_shows_what_was_recorded_and_the_lane_status(
    office: Client, customer: Customer
) -> None:
    row = put(customer, facts={"visit_type": "Store"})
    shown = text(office.get(f"{LIST}{row}/change/"))
    assert "Waiting since it was recorded" in shown
    assert "1 event will be sent in a moment." in shown
    assert '"visit_type": "Store"' in shown
