"""An owner revokes the links to a customer's account, for example after a phone was lost."""

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
        "action": "revoke_account_links",
        "_selected_action": [customer.pk for customer in customers],
        "index": "0",
        **more,
    }


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_customer_s_page_asks_for_confirmation(owner: User, customer: Customer) -> None:
    client = logged_in(owner)
    assert (
        page(customer)
        in client.get(
            reverse("admin:customers_customer_change", args=[customer.pk])
        ).content.decode()
    )

    confirmation = client.get(page(customer)).content.decode()

    assert f"Revoke every link to the account of {customer}?" in confirmation
    assert "anyone who has the account open now is logged out" in confirmation
    assert version(customer) == 1


def test_old_links_stop_working_and_segment_gets_a_new_one(
    owner: User, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    visitor, other = Visitor(), CustomerFactory.create(business=customer.business)
    visitor.log_in(customer)

    response = logged_in(owner).post(page(customer))

    assert (response.status_code, response["Location"]) == (
        302,
        reverse("admin:customers_customer_change", args=[customer.pk]),
    )
    sentence = (
        f"Links to the account of {customer} that were sent until now no longer work. "
        "New messages contain a new link."
    )
    assert told(response) == [sentence]
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
        "Revoked every link to the account.",
    )


def test_the_list_revokes_the_links_of_selected_customers(owner: User, business: Business) -> None:
    ann, bea, cy = CustomerFactory.create_batch(3, business=business)
    client = logged_in(owner)

    confirmation = client.post(reverse(LIST), ticked(ann, bea))
    assert "Revoke every link to the accounts of 2 customers?" in confirmation.content.decode()
    assert [version(one) for one in (ann, bea, cy)] == [1, 1, 1]

    done = client.post(reverse(LIST), ticked(ann, bea, post="yes"))
    sentence = (
        "Links to the accounts of 2 customers that were sent until now no longer work. "
        "New messages contain a new link."
    )
    assert told(done) == [sentence]
    assert [version(one) for one in (ann, bea, cy)] == [2, 2, 1]


def test_too_many_customers_at_once_are_refused(owner: User, business: Business) -> None:
    customers = CustomerFactory.create_batch(MAX_CUSTOMERS_AT_ONCE + 1, business=business)

    response = logged_in(owner).post(
        reverse(LIST), ticked(customers[0], select_across="1", post="yes")
    )

    assert told(response) == ["No links were revoked. Select at most 100 customers."]
    assert set(Customer.objects.values_list("link_version", flat=True)) == {1}


def test_a_helper_can_neither_see_nor_use_the_action(helper: User, customer: Customer) -> None:
    client = logged_in(helper)
    assert (
        page(customer)
        not in client.get(
            reverse("admin:customers_customer_change", args=[customer.pk])
        ).content.decode()
    )
    assert "revoke_account_links" not in client.get(reverse(LIST)).content.decode()
    assert [client.get(page(customer)).status_code, client.post(page(customer)).status_code] == [
        403,
        403,
    ]
    assert version(customer) == 1


def test_an_owner_who_helps_in_another_business_revokes_no_links_there(
    owner: User, customer: Customer, other_business: Business
) -> None:
    """They may see its customers, but not change them."""
    owner.memberships.create(business=other_business, role="helper")
    there = CustomerFactory.create(business=other_business)

    logged_in(owner).post(reverse(LIST), ticked(customer, there, post="yes"))

    assert (version(customer), version(there)) == (2, 1)


def test_a_customer_who_was_deleted_meanwhile_causes_no_error(
    owner: User, customer: Customer
) -> None:
    address = page(customer)
    customer.delete()
    response = logged_in(owner).post(address)
    assert response.status_code == 302
    assert "exist. Perhaps it was deleted?" in told(response)[0]


def test_revoking_needs_a_login(customer: Customer) -> None:
    assert Client().post(page(customer)).status_code == 302
    assert version(customer) == 1
