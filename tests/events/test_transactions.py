"""An event is recorded if, and only if, its save is committed."""

import json
from pathlib import Path

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from customers.models import Brand, Customer, CustomFieldValue, Order, PickupRequest
from events.models import Outgoing
from tests.events.outbox_rows import names, nothing_written, waiting
from tests.factories import BrandFactory, CustomFieldValueFactory, OrderFactory

pytestmark = pytest.mark.usefixtures("integration")


@pytest.fixture
def order(customer: Customer) -> Order:
    order: Order = OrderFactory.create(business=customer.business, customer=customer)
    Outgoing.objects.all().delete()
    return order


@pytest.mark.django_db(transaction=True)
class TestRolledBackTransaction:
    def test_a_transaction_that_is_rolled_back_records_nothing(
        self, customer: Customer, order: Order
    ) -> None:
        with nothing_written(), transaction.atomic():
            order.mark_ready()
            customer.first_name = "Anna"
            customer.save()
            BrandFactory.create(business=customer.business).save()
            assert names() == ["Order Ready", "identify"]
            transaction.set_rollback(True)

    def test_a_transaction_that_an_exception_ends_records_nothing(self, customer: Customer) -> None:
        def fail() -> None:
            with transaction.atomic():
                Order.create(customer)
                assert names() == ["Order Created", "Customer Visit", "identify"]
                connection.cursor().execute(
                    "INSERT INTO customers_visit SELECT * FROM customers_visit"
                )

        with nothing_written(), pytest.raises(IntegrityError):
            fail()
        assert not Order.objects.exists()

    def test_a_savepoint_that_is_rolled_back_undoes_its_own_events(
        self, customer: Customer, order: Order
    ) -> None:
        with transaction.atomic():
            order.mark_ready()
            with transaction.atomic():
                order.return_to_customer(by=None)
                customer.first_name = "Anna"
                customer.save()
                assert names() == ["Order Ready", "Order Returned", "Customer Visit", "identify"]
                transaction.set_rollback(True)
            assert names() == ["Order Ready"]
        assert names() == ["Order Ready"]

    def test_an_action_that_was_rolled_back_is_recorded_when_it_is_repeated(
        self, order: Order
    ) -> None:
        with transaction.atomic():
            order.mark_ready()
            transaction.set_rollback(True)
        order.refresh_from_db()
        assert names() == []
        order.mark_ready()
        assert names() == ["Order Ready"]

    def test_a_change_that_was_rolled_back_is_recorded_with_the_next_save(
        self, customer: Customer
    ) -> None:
        with transaction.atomic():
            customer.first_name = "Anna"
            customer.save()
            transaction.set_rollback(True)
        assert names() == []
        customer.save()
        assert names() == ["identify"]
        assert Customer.objects.get().first_name == "Anna"

    def test_a_rollback_does_not_change_an_identify_that_already_waits(
        self, customer: Customer
    ) -> None:
        customer.first_name = "Anna"
        customer.save()
        with nothing_written(), transaction.atomic():
            customer.first_name = "Annabel"
            customer.save()
            transaction.set_rollback(True)


class TestSavesOfOneTransaction:
    def test_all_saves_are_recorded_in_order(self, customer: Customer, order: Order) -> None:
        with transaction.atomic():
            order.mark_ready()
            order.return_to_customer(by=None)
        assert names() == ["Order Ready", "Order Returned", "Customer Visit", "identify"]

    def test_each_save_of_a_record_is_compared_with_the_one_before(self, order: Order) -> None:
        with transaction.atomic():
            order.status, order.ready_at = Order.Status.READY, timezone.now()
            order.save()
            order.save()
            order.bags = 2
            order.save()
        assert names() == ["Order Ready"]

    def test_saves_that_undo_each_other_keep_their_events(self, order: Order) -> None:
        with transaction.atomic():
            order.status = Order.Status.READY
            order.save()
            order.status = Order.Status.OPEN
            order.save()
            order.status = Order.Status.READY
            order.save()
        assert names() == ["Order Ready", "Order Ready"]


class TestSaveThatChangesNothing:
    def test_a_save_without_changes_records_nothing(self, customer: Customer, order: Order) -> None:
        pickup = customer.schedule_pickup(customer.business.today())
        pickup.cancel(via=PickupRequest.CanceledVia.WEBSITE)
        order.return_to_customer(by=None)
        value = CustomFieldValueFactory.create(customer=customer)
        with nothing_written():
            for record in (
                customer,
                order,
                pickup,
                value,
                customer.business,
                *order.items.all(),
                *customer.visits.all(),
            ):
                record.save()
                fresh = type(record)._default_manager.get(pk=record.pk)
                fresh.save()

    def test_a_save_of_unchanged_columns_only_records_nothing(self, customer: Customer) -> None:
        with nothing_written():
            customer.first_name = "Anna"
            customer.save(update_fields=["last_name"])

    def test_a_save_of_what_no_trait_shows_records_nothing(self, customer: Customer) -> None:
        with nothing_written():
            customer.visit_frequency = Customer.VisitFrequency.WEEKLY
            customer.save()

    def test_a_save_of_the_same_phone_number_in_another_format_records_nothing(
        self, customer: Customer
    ) -> None:
        customer.phone = "+1 415 555 0123"
        customer.save()
        with nothing_written():
            customer.phone = "(415) 555-0123"
            customer.save()


def test_loading_fixtures_records_nothing(customer: Customer, order: Order, tmp_path: Path) -> None:
    value: CustomFieldValue = CustomFieldValueFactory.create(customer=customer)
    brand: Brand = BrandFactory.create(business=customer.business)
    fixture = json.loads(
        serializers.serialize(
            "json", [customer.business, brand, value.field, customer, value, order]
        )
    )
    for entry in fixture:
        if entry["model"] in {"customers.order", "customers.customer"}:
            entry["fields"] |= (
                {"status": "ready"}
                if entry["model"] == "customers.order"
                else {"first_name": "Loaded"}
            )
        if entry["model"] == "customers.brand":
            entry["fields"]["name"] = "Loaded"
    # One customer does not exist yet.
    newcomer = next(entry for entry in fixture if entry["model"] == "customers.customer")
    fixture.append(
        {
            **newcomer,
            "pk": 10**9,
            "fields": newcomer["fields"] | {"uuid": "3f1b7c52-5f0e-4d0a-9c39-6a1f0e8d2b71"},
        }
    )
    path = tmp_path / "records.json"
    path.write_text(json.dumps(fixture))
    with nothing_written():
        call_command("loaddata", str(path), verbosity=0)
    assert Customer.objects.filter(first_name="Loaded").count() == 2
    assert Order.objects.get().status == "ready"


def test_a_record_from_a_fixture_is_recorded_from_its_next_save_on(
    customer: Customer,
) -> None:
    (loaded,) = serializers.deserialize("json", serializers.serialize("json", [customer]))
    loaded.save()
    assert waiting() == []
    customer = Customer.objects.get()
    customer.first_name = "Anna"
    customer.save()
    assert names() == ["identify"]
