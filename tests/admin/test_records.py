"""The records' pages: each opens, none loads a whole table, and logs are read-only."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Customer, Employee, Order, TextQueue
from tests import factories
from tests.admin.forms import form_values
from tests.factories import (
    BusinessFactory,
    CustomerFactory,
    LineItemFactory,
    OrderFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

# The state of a queue is no record: nobody looks at it.
MODELS = [m for m in apps.get_app_config("customers").get_models() if m is not TextQueue]


@pytest.fixture
def office(settings: Any) -> Client:
    # Static files are looked for where they are, as none have been collected.
    settings.WHITENOISE_AUTOREFRESH = True
    client = Client()
    client.force_login(User.objects.create(username="office", is_staff=True, is_superuser=True))
    return client


def page(model: type[models.Model], name: str, *args: Any) -> str:
    return reverse(f"admin:customers_{model._meta.model_name}_{name}", args=args)


def made(model: type[models.Model], count: int) -> list[Any]:
    batch: list[Any] = getattr(factories, f"{model.__name__}Factory").create_batch(count)
    return batch


@pytest.mark.parametrize("model", MODELS)
def test_every_record_has_a_list_and_a_page(office: Client, model: type[models.Model]) -> None:
    (record,) = made(model, 1)
    assert office.get(page(model, "changelist")).status_code == 200
    assert office.get(page(model, "change", record.pk)).status_code == 200
    assert office.get(page(model, "changelist"), {"q": "ann"}).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_two(
    office: Client, model: type[models.Model]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(page(model, "changelist")).status_code == 200
        return len(captured)

    made(model, 2)
    few = queries()
    made(model, 8)
    assert queries() == few


READ_ONLY = {"Order", "LineItem", "Visit", "NightlyText", "IncomingText", "Consent"}


@pytest.mark.parametrize("model", [model for model in MODELS if model.__name__ not in READ_ONLY])
def test_no_form_lists_other_customers(office: Client, model: type[models.Model]) -> None:
    (record,) = made(model, 1)
    stranger = CustomerFactory.create(first_name="Stranger", last_name="Unrelated")
    for address in (page(model, "add"), page(model, "change", record.pk)):
        response = office.get(address)
        assert response.status_code == 200
        assert str(stranger) not in response.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_every_foreign_key_of_a_form_is_searched_for(model: type[models.Model]) -> None:
    """A plain select would hold all rows of the other table."""
    options = admin.site.get_model_admin(model)
    foreign = {field.name for field in model._meta.concrete_fields if field.is_relation}
    if model.__name__ in READ_ONLY:
        assert not options.has_change_permission(None)  # type: ignore[arg-type]
    else:
        assert foreign <= set(options.autocomplete_fields) | set(options.readonly_fields)


def test_what_actions_own_cannot_be_typed_in(office: Client) -> None:
    customer = CustomerFactory.create(demographic=3)
    form = office.get(page(Customer, "change", customer.pk)).context["adminform"].form
    assert not {
        "last_visit",
        "demographic",
        "created_at",
        "text_answered_at",
        "link_version",
        "uuid",
    } & set(form.fields)
    stop = StopFactory.create()
    form = office.get(page(type(stop), "change", stop.pk)).context["adminform"].form
    assert not {"status", "completed_at", "had_pickup", "total_pickups"} & set(form.fields)


def test_orders_are_shown_with_their_items_and_not_changed_here(office: Client) -> None:
    item = LineItemFactory.create(description="A very special coat")
    order = item.order
    assert "A very special coat" in office.get(page(Order, "change", order.pk)).content.decode()
    assert office.post(page(Order, "change", order.pk), {"status": "returned"}).status_code == 403
    assert office.get(page(Order, "add")).status_code == 403
    assert Order.objects.get(pk=order.pk).status == "open"


def customer_form(business: models.Model, **values: str) -> dict[str, str]:
    return {
        "business": str(business.pk),
        "kind": "REGULAR",
        "first_name": "Ann",
        "phone": "(415) 555-0123",
        "payment_term": "POS",
        "delivery_preference": "No Delivery Preference",
        "visit_frequency": "unknown",
        "source": "POS",
        "custom_values-TOTAL_FORMS": "0",
        "custom_values-INITIAL_FORMS": "0",
        **values,
    }


def test_a_customer_entered_in_the_office_has_signed_up(office: Client) -> None:
    response = office.post(page(Customer, "add"), customer_form(BusinessFactory.create()))
    assert response.status_code == 302
    customer = Customer.objects.get()
    assert (customer.phone, [visit.visit_type for visit in customer.visits.all()]) == (
        "+14155550123",
        ["Signup"],
    )


def test_a_form_refuses_what_belongs_to_another_business_(office: Client) -> None:
    brand = factories.BrandFactory.create()
    response = office.post(
        page(Customer, "add"), customer_form(BusinessFactory.create(), brand=str(brand.pk))
    )
    assert response.status_code == 200
    assert not Customer.objects.exists()
    errors = response.context["adminform"].form.errors
    assert errors == {"brand": ["This brand belongs to another business."]}


def test_a_customer_edited_in_the_office_is_saved_as_a_change(office: Client) -> None:
    customer = CustomerFactory.create()
    office.post(
        page(Customer, "change", customer.pk), customer_form(customer.business, first_name="Bea")
    )
    customer.refresh_from_db()
    assert (customer.first_name, customer.visits.count()) == ("Bea", 0)


def test_an_order_can_be_found_by_its_number(office: Client) -> None:
    order = OrderFactory.create(number="4711")
    response = office.get(page(Order, "changelist"), {"q": "4711"})
    assert [found.pk for found in response.context["cl"].result_list] == [order.pk]


def test_an_external_id_that_is_taken_is_refused_at_its_field(office: Client) -> None:
    taken = CustomerFactory.create(external_id="4711")
    other = CustomerFactory.create(business=taken.business)
    same = {"external_id": " 4711 "}

    for address, status in (
        (page(Customer, "add"), 200),
        (page(Customer, "change", other.pk), 200),
        (page(Customer, "change", taken.pk), 302),
    ):
        response = office.post(address, customer_form(taken.business, **same))
        assert response.status_code == status
        if status == 200:
            errors = response.context["adminform"].form.errors
            assert errors == {"external_id": ["Another customer has the external ID 4711."]}

    elsewhere = customer_form(BusinessFactory.create(), **same)
    assert office.post(page(Customer, "add"), elsewhere).status_code == 302


@pytest.mark.parametrize("model", [Customer, Order, Employee])
def test_records_are_found_by_their_whole_external_id(
    office: Client, model: type[models.Model]
) -> None:
    record, *_ = made(model, 2)
    model._base_manager.filter(pk=record.pk).update(external_id="Ext-0042x")
    for typed, found in (("Ext-0042x", [record.pk]), ("Ext-0042", [])):
        response = office.get(page(model, "changelist"), {"q": typed})
        assert [row.pk for row in response.context["cl"].result_list] == found, typed
    assert "Ext-0042x" in office.get(page(model, "change", record.pk)).content.decode()


def test_the_customer_s_form_takes_a_number_with_a_note_and_refuses_nobody(
    office: Client,
) -> None:
    customer = CustomerFactory.create()
    path = page(Customer, "change", customer.pk)
    form = form_values(office.get(path).content.decode(), "customer_form")

    text = "(415) 601-5610 / 415-601-5611, ask for Ann or Bob at the desk"
    assert office.post(path, form | {"phone": text}).status_code == 302
    customer.refresh_from_db()
    assert customer.phone == "+14156015610"
    assert customer.phone_note == "415-601-5611, ask for Ann or Bob at the desk"

    form = form_values(office.get(path).content.decode(), "customer_form")
    nobody = dict.fromkeys(("first_name", "last_name", "email", "phone", "company_name"), "")
    for change, sentence in [
        (nobody, "Give at least one of: first name"),
        ({"kind": "CORPORATE"}, "Give the name of the company"),
        ({"phone": "0000000000"}, "0000000000 is not the number of a phone."),
    ]:
        response = office.post(path, form | change)
        assert response.status_code == 200
        assert sentence in response.content.decode()
