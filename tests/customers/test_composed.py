"""Text in two Unicode forms is the same text: stored, searched, unique and sent composed."""

import importlib
import unicodedata
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from customers.composed import composed
from customers.models import Agent, Brand, Business, Customer, CustomFieldValue, Order
from customers.traits import build_traits, custom_values, trait_sources
from events.models import Outgoing
from tests.factories import (
    AgentFactory,
    BrandFactory,
    CustomerFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    OrderFactory,
)

pytestmark = pytest.mark.django_db

JOSE = "José Núñez"
FROM_A_MAC = unicodedata.normalize("NFD", JOSE)


def stored(row: Any, column: str) -> str:
    value: str = type(row).objects.values_list(column, flat=True).get(pk=row.pk)
    return value


def test_every_way_to_write_composes(business: Business) -> None:
    assert FROM_A_MAC != JOSE
    saved = CustomerFactory.create(business=business, first_name=FROM_A_MAC, street=FROM_A_MAC)
    assert (saved.first_name, saved.street) == (JOSE, JOSE)
    assert stored(saved, "first_name") == JOSE
    Customer.objects.filter(pk=saved.pk).update(last_name=FROM_A_MAC, city=FROM_A_MAC)
    assert (stored(saved, "last_name"), stored(saved, "city")) == (JOSE, JOSE)
    [bulk] = Customer.objects.bulk_create([Customer(business=business, company_name=FROM_A_MAC)])
    assert stored(bulk, "company_name") == JOSE
    bulk.first_name = FROM_A_MAC
    Customer.objects.bulk_update([bulk], ["first_name"])
    assert stored(bulk, "first_name") == JOSE
    assert Customer.objects.filter(company_name=FROM_A_MAC).get() == bulk
    value = CustomFieldValueFactory.create(
        customer=saved, field=CustomFieldFactory.create(business=business), value=FROM_A_MAC
    )
    assert stored(value, "value") == JOSE
    assert stored(OrderFactory.create(customer=saved, number=FROM_A_MAC), "number") == JOSE


@pytest.mark.parametrize("factory", [BrandFactory, AgentFactory, CustomFieldFactory])
def test_a_unique_name_in_another_form_is_taken(business: Business, factory: Any) -> None:
    row = factory.create(business=business, name=JOSE)
    second = type(row)(business=business, name=FROM_A_MAC)
    with pytest.raises(ValidationError):
        second.full_clean()
    assert type(row).objects.filter(business=business, name=JOSE).count() == 1


def decompose(row: Any, *columns: str) -> None:
    values = ", ".join(f"{column} = %s" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {values} WHERE id = %s",
            [*[FROM_A_MAC] * len(columns), row.pk],
        )


def test_traits_are_composed_also_when_sql_wrote_the_row(business: Business) -> None:
    customer = CustomerFactory.create(
        business=business,
        brand=BrandFactory.create(business=business, name=JOSE),
        first_name=JOSE,
        city=JOSE,
    )
    value = CustomFieldValueFactory.create(
        customer=customer, field=CustomFieldFactory.create(business=business), value=JOSE
    )

    def traits() -> Any:
        ids = [customer.pk]
        return build_traits(trait_sources(ids)[customer.pk], custom_values(ids)[customer.pk], None)

    before = traits()
    decompose(customer, "first_name", "city")
    decompose(customer.brand, "name")
    decompose(value, "value")
    assert traits() == before
    assert stored(customer, "first_name") == FROM_A_MAC


def test_a_save_of_the_other_form_is_no_change(business: Business, saves: list[Any]) -> None:
    customer = CustomerFactory.create(business=business, first_name=JOSE)
    saves.clear()
    customer.first_name = FROM_A_MAC
    customer.save()
    assert [save.changed for save in saves] == [set()]


def test_old_rows_are_composed_without_an_event(business: Business) -> None:
    customer = CustomerFactory.create(business=business)
    order: Order = OrderFactory.create(customer=customer)
    taken: Brand = BrandFactory.create(business=business, name=JOSE)
    other: Brand = BrandFactory.create(business=business)
    agent: Agent = AgentFactory.create(business=business)
    for row, columns in (
        (customer, ("first_name", "street")),
        (order, ("number",)),
        (other, ("name",)),
        (agent, ("name",)),
    ):
        decompose(row, *columns)
    waiting = Outgoing.objects.count()
    migration = importlib.import_module("customers.migrations.0008_composed_text")
    with connection.schema_editor(atomic=False) as editor:
        migration.compose(None, editor)
    assert (stored(customer, "first_name"), stored(customer, "street")) == (JOSE, JOSE)
    assert (stored(order, "number"), stored(agent, "name")) == (JOSE, JOSE)
    assert (stored(taken, "name"), stored(other, "name")) == (JOSE, FROM_A_MAC)
    assert Outgoing.objects.count() == waiting


def test_other_values_stay() -> None:
    for value in (None, 7, "", "Ann", "が"):
        assert composed(value) == value
    assert CustomFieldValue._meta.get_field("value").get_internal_type() == "TextField"
