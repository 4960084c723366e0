"""Pages that delete name a few of the rows that forbid it, however many there are."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from customers.admin_delete import PROTECTING_ROWS_NAMED, TOO_MANY_TO_DELETE
from customers.models import Agent, Business, Customer
from tests.admin.conftest import logged_in
from tests.factories import AgentFactory, CustomerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(business: Business) -> Agent:
    store: Agent = AgentFactory.create(business=business)
    CustomerFactory.create_batch(PROTECTING_ROWS_NAMED + 3, business=business, agent=store)
    return store


def test_a_page_names_a_few_of_the_rows_that_refer_to_a_record(owner: User, store: Agent) -> None:
    client = logged_in(owner)
    page = client.get(f"/admin/customers/agent/{store.pk}/delete/").content.decode()
    assert page.count("Customer: ") == PROTECTING_ROWS_NAMED
    assert "and more customers" in page
    client.post(f"/admin/customers/agent/{store.pk}/delete/", {"post": "yes"})
    assert Agent.objects.filter(pk=store.pk).exists()


def test_a_record_that_nothing_refers_to_can_be_deleted(owner: User, business: Business) -> None:
    unused = AgentFactory.create(business=business)
    logged_in(owner).post(f"/admin/customers/agent/{unused.pk}/delete/", {"post": "yes"})
    assert not Agent.objects.filter(pk=unused.pk).exists()


def test_all_rows_of_a_list_cannot_be_deleted_at_once(owner: User, store: Agent) -> None:
    client: Client = logged_in(owner)
    values = {
        "action": "delete_selected",
        "_selected_action": str(Customer.objects.values_list("pk", flat=True)[0]),
        "select_across": "1",
        "post": "yes",
    }
    page = client.post("/admin/customers/customer/", values, follow=True).content.decode()
    assert TOO_MANY_TO_DELETE in page
    assert Customer.objects.count() == PROTECTING_ROWS_NAMED + 3
