"""An owner ends the account links of a customer whose phone was lost or message forwarded."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from customers.admin_links import MAX_CUSTOMERS_AT_ONCE
from customers.links import account_link
from customers.models import Business, Customer
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.account.conftest import Visitor
from tests.admin.conftest import logged_in
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

LIST = "admin:customers_customer_changelist"


def page(customer: Customer) -> str:
    return reverse("admin:customers_customer_links", args=[customer.pk])


def version(customer: Customer) -> int:
    return Customer.objects.values_list("link_version", flat=True).get(pk=customer.pk)


def ticked(*customers: Customer, **more: str) -> dict[str, Any]:
    return {
        "action": "end_links",
        "_selected_action": [customer.pk for customer in customers],
        "index": "0",
        **more,
    }


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_from_the_customer_s_page_it_is_asked_about_first(owner: User, customer: Customer) -> None:
    client = logged_in(owner)
    assert (
        page(customer)
        in client.get(
            reverse("admin:customers_customer_change", args=[customer.pk])
        ).content.decode()
    )

    asked = client.get(page(customer)).content.decode()

    assert f"Make every link to the account of {customer} useless?" in asked
    assert "whoever has the account open now is logged out" in asked
    assert version(customer) == 1


def test_then_old_links_open_nothing_and_segment_gets_a_new_one(
    owner: User, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    visitor, other = Visitor(), CustomerFactory.create(business=customer.business)
    visitor.come_in(customer)

    response = logged_in(owner).post(page(customer))

    assert (response.status_code, response["Location"]) == (
        302,
        reverse("admin:customers_customer_change", args=[customer.pk]),
    )
    assert told(response) == [
        (
            f"Every link to the account of {customer} that was sent so far is useless now. "
            "New messages get a new one."
        )
    ]
    assert visitor.open("/account/").status == 404
    assert (version(customer), version(other)) == (2, 1)
    Delivery().run()
    links = [
        message["traits"]["link"]
        for message in segment.accepted()
        if message["userId"] == str(customer.uuid)
    ]
    assert links == [account_link(customer.uuid, 2)]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        owner,
        str(customer.pk),
        "Made every link to the account useless.",
    )


def test_from_the_list_for_those_who_are_ticked(owner: User, business: Business) -> None:
    ann, bea, cy = CustomerFactory.create_batch(3, business=business)
    client = logged_in(owner)

    asked = client.post(reverse(LIST), ticked(ann, bea))
    assert "Make every link to the accounts of 2 customers useless?" in asked.content.decode()
    assert [version(one) for one in (ann, bea, cy)] == [1, 1, 1]

    done = client.post(reverse(LIST), ticked(ann, bea, post="yes"))
    assert told(done) == [
        (
            "Every link to the accounts of 2 customers that was sent so far is useless now. "
            "New messages get a new one."
        )
    ]
    assert [version(one) for one in (ann, bea, cy)] == [2, 2, 1]


def test_so_many_at_once_are_a_slip_of_the_finger(owner: User, business: Business) -> None:
    customers = CustomerFactory.create_batch(MAX_CUSTOMERS_AT_ONCE + 1, business=business)

    response = logged_in(owner).post(
        reverse(LIST), ticked(customers[0], select_across="1", post="yes")
    )

    assert told(response) == ["Nothing was changed: choose at most 100 customers at once."]
    assert set(Customer.objects.values_list("link_version", flat=True)) == {1}


def test_a_helper_is_not_offered_it_and_cannot_do_it(helper: User, customer: Customer) -> None:
    client = logged_in(helper)
    assert (
        page(customer)
        not in client.get(
            reverse("admin:customers_customer_change", args=[customer.pk])
        ).content.decode()
    )
    assert "end_links" not in client.get(reverse(LIST)).content.decode()
    assert [client.get(page(customer)).status_code, client.post(page(customer)).status_code] == [
        403,
        403,
    ]
    assert version(customer) == 1


def test_who_helps_in_another_business_ends_no_links_there(
    owner: User, customer: Customer, other_business: Business
) -> None:
    """They may see its customers, but not change them."""
    owner.memberships.create(business=other_business, role="helper")
    there = CustomerFactory.create(business=other_business)

    logged_in(owner).post(reverse(LIST), ticked(customer, there, post="yes"))

    assert (version(customer), version(there)) == (2, 1)


def test_a_customer_who_was_deleted_meanwhile_is_no_error(owner: User, customer: Customer) -> None:
    address = page(customer)
    customer.delete()
    response = logged_in(owner).post(address)
    assert response.status_code == 302
    assert "exist. Perhaps it was deleted?" in told(response)[0]


def test_nobody_does_it_without_logging_in(customer: Customer) -> None:
    assert Client().post(page(customer)).status_code == 302
    assert version(customer) == 1
