"""Saves of a customer queue one identify. It always has the newest id and time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer, CustomFieldValue, Order
from customers.traits import TRAIT_FIELDS
from events.identify import IDENTIFY
from events.models import Integration, Outgoing
from tests.events.known_customers import create_business
from tests.events.outbox_rows import names, nothing_written, waiting
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
)

pytestmark = pytest.mark.usefixtures("integration")
NOON = datetime(2025, 3, 4, 12, tzinfo=UTC)

OTHER: dict[str, Any] = {
    "kind": "CORPORATE",
    "company_name": "Example Hotel Inc.",
    "first_name": "Anna",
    "last_name": "Sample",
    "email": "anna@example.com",
    "phone": "+12125550142",  # in no range of the factories
    "phone_is_mobile": True,
    "text_answered_at": NOON,
    "payment_term": "Statement",
    "card_on_file": True,
    "created_at": NOON,
    "last_visit": NOON,
    "delivery_preference": "Will Call",
    "link_version": 7,
    "street": "1 Other Street",
    "city": "Oakland",
    "state": "OR",
    "postal_code": "94607",
    "country": "CA",
    "receive_emails": False,
    "receive_texts": False,
    "demographic": 1,
    "uuid": "3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71",
}
RELATED: dict[str, Any] = {
    "agent": AgentFactory,
    "brand": BrandFactory,
    "group": CustomerGroupFactory,
    "discount": DiscountFactory,
}


def test_the_next_test_has_every_column_that_a_trait_shows() -> None:
    assert OTHER.keys() | {f"{name}_id" for name in RELATED} == TRAIT_FIELDS


@pytest.mark.parametrize("column", OTHER)
def test_a_change_of_a_column_that_a_trait_shows_queues_an_identify(
    customer: Customer, column: str
) -> None:
    setattr(customer, column, OTHER[column])
    customer.save()
    (row,) = waiting()
    assert (row.event, row.customer_id, row.subject_id, row.facts) == (
        IDENTIFY,
        customer.pk,
        customer.pk,
        {},
    )


@pytest.mark.parametrize("name", RELATED)
def test_another_agent_brand_group_or_discount_queues_an_identify(
    customer: Customer, name: str
) -> None:
    setattr(customer, name, RELATED[name].create(business=customer.business))
    customer.save()
    assert names() == [IDENTIFY]
    setattr(customer, name, None)
    customer.save()
    assert names() == [IDENTIFY]


@pytest.mark.parametrize("change", [{"visit_frequency": "weekly"}, {"source": "Website"}])
def test_a_change_that_no_trait_shows_queues_no_identify(
    customer: Customer, change: dict[str, Any]
) -> None:
    with nothing_written():
        for name, value in change.items():
            setattr(customer, name, value)
        customer.save()


def test_setting_changing_or_deleting_a_custom_field_value_queues_an_identify(
    customer: Customer,
) -> None:
    value = CustomFieldValueFactory.create(customer=customer)
    assert names() == [IDENTIFY]
    for change in ("Friend", ""):
        Outgoing.objects.all().delete()
        CustomFieldValue.record(customer, value.field, change)
        assert [(row.event, row.customer_id) for row in waiting()] == [(IDENTIFY, customer.pk)]
    Outgoing.objects.all().delete()
    value.delete()
    assert names() == [IDENTIFY]


def test_saving_the_same_custom_field_value_again_queues_no_identify(customer: Customer) -> None:
    field = CustomFieldFactory.create(business=customer.business)
    CustomFieldValue.record(customer, field, "Friend")
    with nothing_written():
        CustomFieldValue.record(customer, field, "Friend")


def test_after_many_saves_one_identify_waits_with_the_newest_id_and_time(
    customer: Customer,
) -> None:
    ids = []
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(20):
            clock.shift(1)
            customer.first_name = f"Ann {number}"
            customer.save()
            ids += [row.message_id for row in waiting()]
    assert len(set(ids)) == len(ids) == 20
    (row,) = waiting()
    assert (row.message_id, row.occurred_at) == (ids[-1], NOON + timedelta(seconds=20))


def test_an_identify_keeps_its_place_in_the_queue(customer: Customer) -> None:
    customer.first_name = "Anna"
    customer.save()
    Order.create(customer)
    customer.first_name = "Annabel"
    customer.save()
    assert names() == [IDENTIFY, "Order Created", "Customer Visit"]


def test_each_customer_has_an_identify_of_their_own(customer: Customer) -> None:
    others = CustomerFactory.create_batch(3, business=customer.business)
    for one in (customer, *others):
        one.email = ""
        one.save()
    assert [row.customer_id for row in waiting(event=IDENTIFY)] == [
        *(other.pk for other in others),
        customer.pk,
    ]


def test_saves_with_an_old_copy_are_coalesced_too(customer: Customer) -> None:
    one, two = Customer.objects.get(), Customer.objects.get()
    one.email = "one@example.com"
    one.save()
    two.last_name = "Two"
    two.save(update_fields=["last_name"])
    assert names() == [IDENTIFY]


@pytest.mark.django_db(transaction=True)
def test_after_two_concurrent_saves_one_identify_waits(integration: Integration) -> None:
    customers = CustomerFactory.create_batch(2, business=create_business())
    Outgoing.objects.all().delete()
    start = Barrier(8)

    def save_often(number: int) -> None:
        try:
            start.wait(10)
            for save in range(10):
                with transaction.atomic():
                    one = Customer.objects.select_for_update().get(pk=customers[save % 2].pk)
                    one.first_name = f"Ann {number} {save}"
                    one.save()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(save_often, number) for number in range(8)]:
            done.result(20)
    assert sorted(row.customer_id for row in waiting()) == sorted(
        customer.pk for customer in customers
    )
    assert max(row.occurred_at for row in waiting()) <= timezone.now()
