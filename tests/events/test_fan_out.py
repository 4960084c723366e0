"""A renamed row identifies all customers whose traits show it, if Segment knows them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Business, Customer
from events.models import Integration, Outgoing, TraitChange
from events.outbox.fan_out import FAN_OUT_CHUNK_SIZE, fan_out_all
from tests.events.known_customers import (
    create_business,
    create_known_customers,
    customers_with_identify,
    store_accepted_traits,
)
from tests.events.outbox_rows import nothing_written, waiting
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
)

pytestmark = pytest.mark.django_db
FACTORIES: dict[str, Any] = {
    "agent": AgentFactory,
    "brand": BrandFactory,
    "group": CustomerGroupFactory,
    "discount": DiscountFactory,
}
CHANGES: list[tuple[str, str, Any]] = [
    *((name, "name", "Renamed") for name in FACTORIES),
    ("discount", "description", "For everybody"),
    ("discount", "value", Decimal("12.50")),
]


@pytest.fixture
def business() -> Business:
    return create_business()


def change(record: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(record, name, value)
    record.save()


@pytest.mark.parametrize(("relation", "column", "value"), CHANGES)
def test_a_change_identifies_the_customers_concerned_and_no_others(
    business: Business, relation: str, column: str, value: object
) -> None:
    elsewhere = create_business()
    ours, another = FACTORIES[relation].create_batch(2, business=business)
    theirs = FACTORIES[relation].create(business=elsewhere)
    concerned = create_known_customers(business, 3, **{relation: ours})
    create_known_customers(business, 2, **{relation: another})
    create_known_customers(business, 2)
    create_known_customers(elsewhere, 2, **{relation: theirs})
    Customer.objects.bulk_create([Customer(business=business, **{relation: ours})])

    change(ours, **{column: value})

    (trait_change,) = TraitChange.objects.all()
    assert customers_with_identify() == set()
    assert fan_out_all() == 2
    assert customers_with_identify() == set(concerned)
    assert {(row.business_id, row.occurred_at) for row in waiting()} == {
        (business.pk, trait_change.occurred_at)
    }
    assert {row.user_id for row in waiting()} == set(
        Customer.objects.filter(pk__in=concerned).values_list("uuid", flat=True)
    )
    assert not TraitChange.objects.exists()
    assert fan_out_all() == 0


def test_a_renamed_business_identifies_all_its_customers(business: Business) -> None:
    elsewhere = create_business()
    concerned = create_known_customers(business, 3)
    create_known_customers(elsewhere, 3)
    change(business, name="Renamed Cleaners")
    fan_out_all()
    assert customers_with_identify() == set(concerned)


@pytest.mark.parametrize("values", [{"name": "Renamed"}, {"position": 9}])
def test_a_changed_field_identifies_customers_with_a_value_for_it(
    business: Business, values: dict[str, object]
) -> None:
    field, other = CustomFieldFactory.create_batch(2, business=business)
    with_value, without_value, with_other_value = CustomerFactory.create_batch(3, business=business)
    CustomFieldValueFactory.create(customer=with_value, field=field)
    CustomFieldValueFactory.create(customer=with_other_value, field=other)
    Outgoing.objects.all().delete()
    store_accepted_traits(with_value, without_value, with_other_value)
    change(field, **values)
    fan_out_all()
    assert customers_with_identify() == {with_value.pk}


def test_another_birthday_field_identifies_customers_with_a_value_for_either(
    business: Business,
) -> None:
    old, new = CustomFieldFactory.create_batch(2, birthday=True, business=business)
    integration = Integration.objects.get()
    with_old, with_new, without = CustomerFactory.create_batch(3, business=business)
    CustomFieldValueFactory.create(customer=with_old, field=old, value="05-04")
    CustomFieldValueFactory.create(customer=with_new, field=new, value="05-04")
    store_accepted_traits(with_old, with_new, without)
    Outgoing.objects.all().delete()
    change(integration, birthday_field=old)
    fan_out_all()
    assert customers_with_identify() == {with_old.pk}
    Outgoing.objects.all().delete()
    change(integration, birthday_field=new)
    fan_out_all()
    assert customers_with_identify() == {with_old.pk, with_new.pk}


@pytest.mark.parametrize(
    ("record", "values"),
    [
        (lambda business: DiscountFactory.create(business=business), {"kind": "AMOUNT"}),
        (lambda business: AgentFactory.create(business=business), {"kind": "ROUTE"}),
        (lambda business: CustomFieldFactory.create(business=business), {"kind": "DATE"}),
        (
            lambda business: business,
            {"time_zone": "Asia/Tokyo", "currency": "JPY", "country": "JP"},
        ),
        (lambda business: BrandFactory.create(business=business), {}),
    ],
)
def test_a_change_that_no_trait_shows_identifies_nobody(
    business: Business, record: Callable[[Business], Any], values: dict[str, str]
) -> None:
    changed_row = record(business)
    with nothing_written():
        change(changed_row, **values)
    assert fan_out_all() == 0


def test_a_new_record_identifies_nobody(business: Business) -> None:
    with nothing_written():
        for factory in (*FACTORIES.values(), CustomFieldFactory):
            factory.create(business=business)


def test_customers_that_segment_does_not_know_are_identified_with_their_first_event(
    business: Business,
) -> None:
    brand = BrandFactory.create(business=business)
    Customer.objects.bulk_create([Customer(business=business, brand=brand)])
    change(brand, name="Renamed")
    assert fan_out_all() == 2
    assert customers_with_identify() == set()


def test_customers_with_a_waiting_message_are_identified(business: Business) -> None:
    """Their traits may have been read already, for the identify before their event."""
    brand = BrandFactory.create(business=business)
    (stranger,) = Customer.objects.bulk_create([Customer(business=business, brand=brand)])
    stranger.schedule_pickup(business.today())
    change(brand, name="Renamed")
    fan_out_all()
    assert customers_with_identify() == {stranger.pk}


def test_a_waiting_identify_is_replaced_by_a_newer_one(business: Business) -> None:
    brand = BrandFactory.create(business=business)
    customer = CustomerFactory.create(business=business, brand=brand)
    (before,) = waiting(event="identify")
    change(brand, name="Renamed")
    fan_out_all()
    (after,) = waiting(event="identify")
    assert after.pk == before.pk
    assert after.message_id != before.message_id
    assert before.occurred_at < after.occurred_at <= timezone.now()
    assert after.customer_id == customer.pk


def test_a_business_that_is_switched_off_queues_no_fan_out(business: Business) -> None:
    brand = BrandFactory.create(business=business)
    create_known_customers(business, 3, brand=brand)
    change(Integration.objects.get(), enabled=False)
    with nothing_written():
        change(brand, name="Renamed")
    assert fan_out_all() == 0


def test_switching_off_before_the_fan_out_identifies_nobody(business: Business) -> None:
    brand = BrandFactory.create(business=business)
    create_known_customers(business, 3, brand=brand)
    change(brand, name="Renamed")
    change(Integration.objects.get(), enabled=False)
    fan_out_all()
    assert customers_with_identify() == set()
    assert not TraitChange.objects.exists()


def test_switching_on_again_identifies_all_customers_that_segment_knew(business: Business) -> None:
    """Traits may have changed while nothing was recorded."""
    concerned = create_known_customers(business, 3)
    integration = Integration.objects.get()
    change(integration, enabled=False)
    Customer.objects.filter(pk=concerned[0]).update(first_name="Changed")
    change(integration, enabled=True)
    fan_out_all()
    assert customers_with_identify() == set(concerned)


@pytest.mark.parametrize(
    ("count", "chunks"),
    [
        (1, 2),
        (FAN_OUT_CHUNK_SIZE - 1, 2),
        (FAN_OUT_CHUNK_SIZE, 2),
        (FAN_OUT_CHUNK_SIZE + 1, 3),
        (2 * FAN_OUT_CHUNK_SIZE, 3),
        (2 * FAN_OUT_CHUNK_SIZE + 1, 4),
    ],
)
def test_many_customers_are_identified_in_chunks(
    business: Business, count: int, chunks: int
) -> None:
    brand = BrandFactory.create(business=business)
    concerned = create_known_customers(business, count, brand=brand)
    change(brand, name="Renamed")
    assert fan_out_all() == chunks
    assert customers_with_identify() == set(concerned)


def test_a_fan_out_ends_with_the_customers_of_its_business(business: Business) -> None:
    elsewhere = create_business()
    ours = [*create_known_customers(business, 5)]
    theirs = create_known_customers(elsewhere, 5)
    ours += create_known_customers(business, 5)
    change(business, name="Renamed Cleaners")
    change(elsewhere, name="Also Renamed")
    fan_out_all()
    assert customers_with_identify() == {*ours, *theirs}
