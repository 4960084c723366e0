"""Customers as tills send them: numbers with notes, birthdays, nobody, and no address."""

from typing import Any

import pytest

from customers.models import Business, Customer, PickupRequest, RegularPickupRequest
from events.models import Outgoing
from tests.api.conftest import Caller, business, customer, errors, fields, integration, pos, website
from tests.factories import CustomerFactory, CustomFieldFactory

__all__ = ["business", "customer", "integration", "pos", "website"]

pytestmark = pytest.mark.django_db


def test_the_note_about_a_number_is_stored_read_and_changed(pos: Caller) -> None:
    created = pos.post("customers", {"phone": "415-601-5610 Ann's cell"}).json()
    assert (created["phone"], created["phone_note"]) == ("+14156015610", "Ann's cell")

    path = f"customers/{created['id']}"
    again = {"phone": created["phone"], "phone_note": created["phone_note"]}
    assert pos.patch(path, again).json() == created
    assert (
        pos.patch(path, {"phone": "415 601 5610 Bob's cell"}).json()["phone_note"] == "Bob's cell"
    )
    assert pos.patch(path, {"phone_note": ""}).json()["phone"] == "+14156015610"
    changed = pos.patch(path, {"phone": "415 601 5611", "phone_note": "after 5pm"}).json()
    assert (changed["phone"], changed["phone_note"]) == ("+14156015611", "after 5pm")


def test_a_long_text_about_a_number_refuses_no_customer(pos: Caller) -> None:
    text = "(415) 601-5610 / 415-601-5611, mornings only, ask for Ann or Bob at the desk"
    response = pos.post("customers", {"phone": text})
    assert (response.status_code, response.json()["phone"]) == (201, "+14156015610")


@pytest.mark.parametrize("phone", ["0000000000", "1111111111", "1234567890", "n/a"])
def test_what_is_no_number_names_the_phone(pos: Caller, customer: Customer, phone: str) -> None:
    for response in (
        pos.post("customers", {"first_name": "Ann", "phone": phone}),
        pos.patch(f"customers/{customer.uuid}", {"phone": phone}),
    ):
        assert (response.status_code, fields(response)) == (400, ["phone"])
    assert Customer.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "first_name"), ({"kind": "CORPORATE", "last_name": "Example"}, "company_name")],
)
def test_nobody_is_a_400(pos: Caller, body: dict[str, Any], field: str) -> None:
    response = pos.post("customers", body)
    assert (response.status_code, fields(response)) == (400, [field])
    assert not Customer.objects.exists()
    assert not Outgoing.objects.exists()


def test_a_customer_cannot_lose_all_that_tells_who_it_is(pos: Caller, business: Business) -> None:
    ann = CustomerFactory.create(business=business, bare=True, first_name="Ann")
    path = f"customers/{ann.uuid}"
    for change in ({"first_name": ""}, {"kind": "CORPORATE"}, {"first_name": "  "}):
        assert pos.patch(path, change).status_code == 400, change
    nobody = CustomerFactory.create(business=business, bare=True)
    assert pos.patch(f"customers/{nobody.uuid}", {"receive_texts": False}).status_code == 200


def test_the_phone_filter_finds_both_forms_of_a_number(pos: Caller, business: Business) -> None:
    old = CustomerFactory.create(business=business)
    Customer.objects.filter(pk=old.pk).update(phone="+5215512345678")
    for phone in ("+525512345678", "+52 1 55 1234 5678"):
        (found,) = pos.get("customers", phone=phone).json()["results"]
        assert found["id"] == str(old.uuid)


@pytest.mark.parametrize("value", ["2090-05-04", "1604-02-30"])
def test_an_impossible_birthday_is_a_400_that_names_the_value(
    pos: Caller, business: Business, value: str
) -> None:
    field = CustomFieldFactory.create(business=business, birthday=True)
    custom = [{"field": str(field.uuid), "value": value}]
    response = pos.post("customers", {"first_name": "Ann", "custom_fields": custom})
    assert (response.status_code, fields(response)) == (400, ["custom_fields[0].value"])
    assert not Customer.objects.exists()


def test_a_birthday_without_a_year_is_returned_so(pos: Caller, business: Business) -> None:
    field = CustomFieldFactory.create(business=business, birthday=True)
    custom = [{"field": str(field.uuid), "value": "1604-02-29"}]
    created = pos.post("customers", {"first_name": "Ann", "custom_fields": custom}).json()
    assert created["custom_fields"][0]["value"] == "02-29"


class TestWithoutAnAddress:
    @pytest.fixture
    def homeless(self, business: Business) -> Customer:
        return CustomerFactory.create(business=business, street="", city="", postal_code="")

    def test_the_website_is_told_to_ask_for_it(
        self, website: Caller, business: Business, homeless: Customer
    ) -> None:
        day = business.today().isoformat()
        response = website.post(
            "pickup-requests", {"customer": str(homeless.uuid), "pickup_date": day}
        )
        assert response.status_code == 409
        assert [error.code for error in errors(response)] == ["address_missing"]
        response = website.post("regular-pickup-requests", {"customer": str(homeless.uuid)})
        assert [error.code for error in errors(response)] == ["address_missing"]
        assert not PickupRequest.objects.exists()
        assert not RegularPickupRequest.objects.exists()

    def test_the_counter_may_know_where_to_go(self, pos: Caller, homeless: Customer) -> None:
        day = homeless.business.today().isoformat()
        body = {"customer": str(homeless.uuid), "pickup_date": day}
        assert pos.post("pickup-requests", body).status_code == 201
