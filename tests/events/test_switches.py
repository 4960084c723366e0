"""Switched on or off, muted or not: what counts is how it stands at the save, wherever it was changed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from customers.models import Business, Customer, CustomFieldValue, NewItem, Order, PickupRequest, Stop
from events.catalogue import CUSTOMER_BIRTHDAY, CUSTOMER_LOST, EVENT_NAMES
from events.models import Integration, Outgoing, TraitChange
from tests.conftest import WRITE_KEY
from tests.events.waiting import names, nothing_written
from tests.factories import BrandFactory, BusinessFactory, CustomerFactory, CustomFieldFactory

SWEPT = {CUSTOMER_LOST, CUSTOMER_BIRTHDAY}
SAVED = sorted(EVENT_NAMES - SWEPT)


def live(business: Business) -> None:
    """All that a save can tell of."""
    brand = BrandFactory.create(business=business)
    customer = Customer.sign_up(business, brand=brand)
    order = Order.create(customer, items=[NewItem("Coat", Decimal(20))])
    order.mark_ready()
    order.return_to_customer(by=None)
    Stop.schedule(customer, business.today()).miss()
    Stop.schedule(customer, business.today()).complete(bags_delivered=1)
    customer.schedule_pickup(business.today()).cancel(via=PickupRequest.CanceledVia.WEBSITE)
    customer.request_regular_pickups()
    CustomFieldValue.record(customer, CustomFieldFactory.create(business=business), "Friend").delete()
    brand.name = f"{brand.name} renamed"
    brand.save()


def configured(**config: object) -> Business:
    business: Business = BusinessFactory.create()
    Integration.objects.create(business=business, write_key=WRITE_KEY, **config)
    return business


@pytest.mark.django_db
def test_a_business_that_is_switched_on_records_every_event_that_a_save_can_tell_of() -> None:
    live(configured(enabled=True))
    assert sorted(set(names())) == sorted([*SAVED, "identify"])
    assert TraitChange.objects.count() == 1


@pytest.mark.django_db
def test_for_a_business_that_is_switched_off_nothing_is_written() -> None:
    with nothing_written():
        live(configured(enabled=False))


@pytest.mark.django_db
def test_for_a_business_without_a_config_nothing_is_written() -> None:
    with nothing_written():
        live(BusinessFactory.create())


@pytest.mark.django_db
def test_a_business_that_is_on_does_not_switch_on_another() -> None:
    configured(enabled=True)
    with nothing_written():
        live(configured(enabled=False))


@pytest.mark.django_db
@pytest.mark.parametrize("muted", SAVED)
def test_a_muted_event_is_not_recorded_and_all_others_are(muted: str) -> None:
    live(configured(enabled=True, muted=[muted]))
    assert sorted(set(names())) == sorted({*SAVED, "identify"} - {muted})


@pytest.mark.django_db
def test_with_everything_muted_customers_are_still_identified() -> None:
    live(configured(enabled=True, muted=sorted(EVENT_NAMES)))
    assert names() == ["identify"]


@pytest.mark.django_db
def test_what_was_muted_when_it_happened_is_not_told_once_it_is_no_longer_muted() -> None:
    business = configured(enabled=True, muted=["Order Created"])
    customer = CustomerFactory.create(business=business)
    Order.create(customer)
    config = Integration.objects.get()
    config.muted = []
    config.save()
    assert names(event="Order Created") == []
    Order.create(customer)
    assert names(event="Order Created") == ["Order Created"]


@pytest.mark.django_db
def test_what_waits_stays_when_the_business_switches_off() -> None:
    business = configured(enabled=True)
    live(business)
    config = Integration.objects.get()
    config.enabled = False
    with nothing_written():
        config.save()
        live(business)


def elsewhere(action: Callable[[], object]) -> None:
    """In another process, as far as the database can tell."""

    def run() -> None:
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(run).result(20)


def switch(**config: object) -> Callable[[], None]:
    def save() -> None:
        integration = Integration.objects.get()
        for name, value in config.items():
            setattr(integration, name, value)
        integration.save()

    return save


@pytest.mark.django_db(transaction=True)
class TestAnotherProcess:
    def test_that_switches_on_counts_from_the_next_save(self) -> None:
        customer = CustomerFactory.create(business=configured(enabled=False))
        Order.create(customer, number="1")
        elsewhere(switch(enabled=True))
        Order.create(customer, number="2")
        assert [row.facts["order_id"] for row in Outgoing.objects.filter(event="Order Created")] == ["2"]

    def test_that_switches_off_counts_from_the_next_save(self) -> None:
        customer = CustomerFactory.create(business=configured(enabled=True))
        Outgoing.objects.all().delete()
        elsewhere(switch(enabled=False))
        with nothing_written():
            Order.create(customer)

    def test_that_mutes_counts_from_the_next_save(self) -> None:
        customer = CustomerFactory.create(business=configured(enabled=True))
        elsewhere(switch(muted=["Order Created"]))
        Order.create(customer)
        assert names(event="Order Created") == []

    def test_that_switches_in_the_middle_of_a_transaction_counts_from_its_next_save(self) -> None:
        business = configured(enabled=True)
        customer = CustomerFactory.create(business=business)
        Outgoing.objects.all().delete()
        with transaction.atomic():
            order = Order.create(customer)
            elsewhere(switch(enabled=False))
            order.mark_ready()
            elsewhere(switch(enabled=True))
            order.return_to_customer(by=None)
        assert names() == ["Order Created", "Customer Visit", "identify", "Order Returned"]

    def test_that_has_not_committed_yet_does_not_count_yet(self) -> None:
        customer = CustomerFactory.create(business=configured(enabled=False))
        with transaction.atomic():
            switch(enabled=True)()
            with nothing_written():
                elsewhere(lambda: Order.create(customer))
