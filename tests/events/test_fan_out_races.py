"""Fanning out while other workers fan out and customers are saved.

Nobody waits long, nothing fails, and no customer is left out.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from customers.models import Business, Customer
from events.models import TraitChange
from events.outbox.fan_out import fan_out_all, fan_out_chunk
from tests.customers.contention import wait_for_waiting
from tests.events.known_customers import (
    create_business,
    create_known_customers,
    customers_with_identify,
)
from tests.events.other_connections import at_once, closing_connection, uncommitted
from tests.events.outbox_rows import waiting
from tests.factories import AgentFactory, BrandFactory

pytestmark = pytest.mark.django_db(transaction=True)


def rename(record: Any) -> None:
    record.name = f"{record.name} renamed"
    record.save()


def chunk_of(business: Business) -> Callable[[], bool]:
    change = TraitChange.objects.get(business=business)
    return lambda: fan_out_chunk(change.pk)


def save(customer_id: int) -> None:
    customer = Customer.objects.get(pk=customer_id)
    customer.email = "changed@example.com"
    customer.save()


def test_two_workers_share_the_changes_of_the_same_customers() -> None:
    business = create_business()
    brand, agent = BrandFactory.create(business=business), AgentFactory.create(business=business)
    concerned = create_known_customers(business, 5_000, brand=brand, agent=agent)
    for record in (brand, agent, business):
        rename(record)
    at_once(fan_out_all, fan_out_all, fan_out_all)
    fan_out_all()
    assert customers_with_identify() == set(concerned)
    assert not TraitChange.objects.exists()


def test_a_change_that_another_worker_has_locked_is_skipped() -> None:
    business = create_business()
    concerned = create_known_customers(business, 3)
    rename(business)
    with uncommitted(chunk_of(business)):
        assert fan_out_all() == 0
    assert fan_out_all() == 1
    assert customers_with_identify() == set(concerned)


def test_another_change_is_fanned_out_while_a_worker_has_locked_one() -> None:
    business, other = create_business(), create_business()
    create_known_customers(business, 3)
    concerned = create_known_customers(other, 3)
    rename(business)
    rename(other)
    with uncommitted(chunk_of(business)):
        assert fan_out_all() == 2
        assert customers_with_identify() == set(concerned)


def test_an_uncommitted_save_delays_only_its_own_business_s_change() -> None:
    business, other = create_business(), create_business()
    first, second = create_known_customers(business, 2)
    concerned = create_known_customers(other, 2)
    rename(business)
    rename(other)
    with uncommitted(lambda: save(second)):
        started = time.monotonic()
        assert fan_out_all() == 2
        assert time.monotonic() - started < 5
        assert customers_with_identify() == set(concerned)
    assert fan_out_all() == 2
    assert customers_with_identify() == {first, second, *concerned}
    assert not TraitChange.objects.exists()


def test_a_save_waits_for_at_most_one_chunk_and_is_sent_last() -> None:
    business = create_business()
    first, _ = create_known_customers(business, 2)
    rename(business)
    with uncommitted(chunk_of(business)) as commit:
        assert customers_with_identify() == set()
        commit()
        save(first)
    (other,) = waiting(is_bulk=True)
    (saved,) = waiting(is_bulk=False)
    assert saved.customer_id == first
    assert saved.occurred_at > other.occurred_at


def test_an_uncommitted_rename_is_fanned_out_after_its_commit() -> None:
    business = create_business()
    concerned = create_known_customers(business, 3)
    with uncommitted(lambda: rename(business)):
        assert fan_out_all() == 0
    assert fan_out_all() == 2
    assert customers_with_identify() == set(concerned)


def test_in_a_deadlock_with_a_save_the_fan_out_gives_up_and_the_save_succeeds() -> None:
    business = create_business()
    first, second = create_known_customers(business, 2)
    rename(business)
    with ThreadPoolExecutor(1) as worker:
        with transaction.atomic():
            save(second)
            fanning_out = worker.submit(closing_connection, fan_out_all)
            wait_for_waiting(1)
            save(first)
        assert fanning_out.result(20) == 0
    assert customers_with_identify() == {first, second}
    assert fan_out_all() == 2
    assert not TraitChange.objects.exists()
