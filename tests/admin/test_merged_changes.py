"""An admin page saves what its user changed and nothing else."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.admin_merge import MergedChanges
from customers.models import Business, Customer, CustomFieldValue, PickupRequest, TextSettings
from events.models import Integration, Outgoing
from tests.admin.conftest import business, customer, integration, logged_in, owner, support
from tests.admin.forms import form_values
from tests.factories import (
    AgentFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
    EmployeeFactory,
    PickupRequestFactory,
    RegularPickupRequestFactory,
    StopFactory,
    TextSettingsFactory,
)

__all__ = ["business", "customer", "integration", "owner", "support"]

pytestmark = pytest.mark.django_db


def page(record: Any) -> str:
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


def opened(browser: Client, record: Any) -> dict[str, Any]:
    response = browser.get(page(record))
    return form_values(response.content.decode(), f"{record._meta.model_name}_form")


def send(browser: Client, record: Any, form: dict[str, Any], **changes: Any) -> Any:
    sent = {name: value for name, value in (form | changes).items() if value is not None}
    response = browser.post(page(record), sent)
    record.refresh_from_db()
    return response


@pytest.fixture
def office(owner: User) -> Client:
    return logged_in(owner)


def test_every_page_that_changes_a_record_merges() -> None:
    assert [
        model._meta.label
        for model, options in admin.site._registry.items()
        if not isinstance(options, MergedChanges)
    ] == []


def test_a_page_that_stood_open_undoes_nothing(
    office: Client, customer: Customer, integration: Integration
) -> None:
    form = opened(office, customer)
    Customer.objects.filter(pk=customer.pk).update(
        receive_texts=False, phone="+14155550199", phone_is_mobile=True, card_on_file=True
    )

    assert send(office, customer, form, first_name="Bea").status_code == 302

    assert (customer.first_name, customer.receive_texts, customer.phone) == (
        "Bea",
        False,
        "+14155550199",
    )
    assert (customer.phone_is_mobile, customer.card_on_file) == (True, True)
    assert LogEntry.objects.get().get_change_message() == "Changed First name."


@pytest.mark.parametrize(
    ("factory", "meanwhile", "change"),
    [
        (EmployeeFactory, {"role": "DRIVER"}, {"name": "Bea"}),
        (AgentFactory, {"kind": "ROUTE"}, {"name": "Bea"}),
        (DiscountFactory, {"value": 20, "kind": "AMOUNT"}, {"description": "New"}),
        (CustomFieldFactory, {"position": 7}, {"name": "Pets"}),
        (TextSettingsFactory, {"hour": 15, "own_no": "nah"}, {"language": "de"}),
    ],
)
def test_other_pages_undo_nothing_either(
    office: Client, business: Business, factory: Any, meanwhile: Any, change: Any
) -> None:
    record = factory.create(business=business)
    form = opened(office, record)
    type(record).objects.filter(pk=record.pk).update(**meanwhile)
    assert send(office, record, form, **change).status_code == 302
    for name, value in (meanwhile | change).items():
        assert getattr(record, name) == value, name


def test_the_business_page_undoes_nothing(office: Client, business: Business) -> None:
    form = opened(office, business)
    Business.objects.filter(pk=business.pk).update(country="CA")
    assert send(office, business, form, time_zone="America/New_York").status_code == 302
    assert (business.country, business.time_zone) == ("CA", "America/New_York")


class TestConflict:
    @pytest.fixture
    def form(self, office: Client, customer: Customer) -> dict[str, Any]:
        """Return the page that asks, after both changed the last name."""
        form = opened(office, customer)
        Customer.objects.filter(pk=customer.pk).update(last_name="Theirs", city="Reno")
        response = send(office, customer, form, last_name="Mine", first_name="Bea")
        assert response.status_code == 200
        html = response.content.decode()
        assert 'Yours: <strong class="break-words">Mine</strong>' in html
        assert 'Stored now: <strong class="break-words">Theirs</strong>' in html
        assert (customer.first_name, customer.last_name) != ("Bea", "Mine")
        shown = form_values(html, "customer_form")
        assert (shown["last_name"], shown["first_name"]) == ("Mine", "Bea")
        return shown

    @pytest.mark.parametrize(("choice", "name"), [("mine", "Mine"), ("stored", "Theirs")])
    def test_the_user_chooses(
        self, office: Client, customer: Customer, form: dict[str, Any], choice: str, name: str
    ) -> None:
        chosen = {"_choice-last_name": choice}
        assert send(office, customer, form, **chosen).status_code == 302
        assert (customer.first_name, customer.last_name, customer.city) == ("Bea", name, "Reno")

    @pytest.mark.parametrize("choice", [None, "", "both"])
    def test_without_a_choice_nothing_is_saved(
        self, office: Client, customer: Customer, form: dict[str, Any], choice: str | None
    ) -> None:
        response = send(office, customer, form, **{"_choice-last_name": choice})
        assert "Stored now: " in response.content.decode()
        assert customer.last_name == "Theirs"
        assert customer.first_name != "Bea"

    @pytest.mark.parametrize("choice", ["mine", "stored"])
    def test_a_second_change_meanwhile_asks_again(
        self, office: Client, customer: Customer, form: dict[str, Any], choice: str
    ) -> None:
        Customer.objects.filter(pk=customer.pk).update(last_name="Third")
        response = send(office, customer, form, **{"_choice-last_name": choice})
        assert "Third</strong>" in response.content.decode()
        assert customer.last_name == "Third"


def test_the_same_change_is_no_conflict(office: Client, customer: Customer) -> None:
    form = opened(office, customer)
    Customer.objects.filter(pk=customer.pk).update(last_name="Both", receive_texts=False)
    assert send(office, customer, form, last_name="Both", receive_texts=None).status_code == 302
    assert (customer.last_name, customer.receive_texts) == ("Both", False)


def test_a_save_without_changes_changes_and_records_nothing(
    office: Client, customer: Customer, integration: Integration
) -> None:
    form = opened(office, customer)
    Customer.objects.filter(pk=customer.pk).update(receive_texts=False)
    waiting = Outgoing.objects.count()
    assert send(office, customer, form).status_code == 302
    assert customer.receive_texts is False
    assert Outgoing.objects.count() == waiting
    assert not LogEntry.objects.exists()


class TestRowsBelow:
    @pytest.fixture
    def value(self, customer: Customer) -> CustomFieldValue:
        return CustomFieldValueFactory.create(customer=customer, value="A dog")

    def test_a_value_that_changed_meanwhile_stays(
        self, office: Client, customer: Customer, value: CustomFieldValue
    ) -> None:
        form = opened(office, customer)
        CustomFieldValue.objects.filter(pk=value.pk).update(value="A cat")
        assert send(office, customer, form, first_name="Bea").status_code == 302
        value.refresh_from_db()
        assert (customer.first_name, value.value) == ("Bea", "A cat")

    def test_two_changes_of_a_value_ask(
        self, office: Client, customer: Customer, value: CustomFieldValue
    ) -> None:
        form = opened(office, customer)
        CustomFieldValue.objects.filter(pk=value.pk).update(value="A cat")
        response = send(office, customer, form, **{"custom_values-0-value": "A bird"})
        html = response.content.decode()
        assert "A bird</strong>" in html
        assert "A cat</strong>" in html
        again = form_values(html, "customer_form")
        chosen = {"_choice-custom_values-0-value": "mine"}
        assert send(office, customer, again, **chosen).status_code == 302
        value.refresh_from_db()
        assert value.value == "A bird"

    def test_a_row_that_is_gone_does_not_hinder(
        self, office: Client, customer: Customer, value: CustomFieldValue
    ) -> None:
        form = opened(office, customer)
        value.delete()
        assert send(office, customer, form, first_name="Bea").status_code == 302
        assert customer.first_name == "Bea"
        assert not CustomFieldValue.objects.exists()


class TestState:
    @pytest.mark.parametrize("act", ["cancel", "complete"])
    def test_a_pickup_that_ended_meanwhile_keeps_its_day(
        self, office: Client, customer: Customer, act: str
    ) -> None:
        pickup = PickupRequestFactory.create(customer=customer)
        day, form = pickup.pickup_date, opened(office, pickup)
        pickup.cancel(via="Website") if act == "cancel" else pickup.complete()
        later = (day + timedelta(days=2)).isoformat()
        response = send(office, pickup, form, pickup_date=later)
        assert pickup.pickup_date == day
        assert response.status_code == 302
        said = office.get(response.headers["Location"]).content.decode()
        assert "Nothing was saved: while you had this page open" in said

    def test_a_stop_that_was_completed_meanwhile_keeps_its_day(
        self, office: Client, customer: Customer
    ) -> None:
        stop = StopFactory.create(customer=customer)
        day, form = stop.scheduled_for, opened(office, stop)
        stop.complete(bags_delivered=1)
        later = (day + timedelta(days=2)).isoformat()
        send(office, stop, form, scheduled_for=later)
        assert stop.scheduled_for == day

    def test_nothing_of_what_ended_can_be_changed(self, office: Client, customer: Customer) -> None:
        stop = StopFactory.create(customer=customer)
        pickup = PickupRequestFactory.create(customer=customer)
        wish = RegularPickupRequestFactory.create(customer=customer)
        ended = [(stop, stop.complete), (pickup, pickup.complete), (wish, wish.approve)]
        for record, end in ended:
            assert b'name="_save"' in office.get(page(record)).content
            end()
            shown = office.get(page(record))
            assert shown.status_code == 200
            assert b'name="_save"' not in shown.content
            assert office.post(page(record), {"pickup_date": "2030-01-01"}).status_code == 403

    def test_a_pickup_that_waits_can_be_moved(self, office: Client, customer: Customer) -> None:
        pickup = PickupRequestFactory.create(customer=customer)
        later: date = pickup.pickup_date + timedelta(days=2)
        form = opened(office, pickup)
        assert send(office, pickup, form, pickup_date=later.isoformat()).status_code == 302
        assert PickupRequest.objects.get().pickup_date == later


def test_a_page_that_says_nothing_of_what_it_showed_is_taken_as_it_is(
    office: Client, customer: Customer
) -> None:
    form = opened(office, customer) | {"_seen": "{nonsense"}
    assert send(office, customer, form, first_name="Bea").status_code == 302
    assert customer.first_name == "Bea"


def test_the_text_settings_start_again_after_a_save(office: Client, business: Business) -> None:
    settings = TextSettingsFactory.create(business=business, problem=TextSettings.Problem.values[1])
    assert send(office, settings, opened(office, settings)).status_code == 302
    assert settings.problem == ""
