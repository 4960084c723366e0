"""The events of customers: signups, visits, pickups and requests for regular pickups."""

from datetime import timedelta

import pytest
from django.utils import timezone

from customers.models import Business, Customer, Order, PickupRequest, RegularPickupRequest, Stop
from tests.customers.refused import refused
from tests.events.outbox_rows import facts, names, nothing_written, waiting

pytestmark = pytest.mark.usefixtures("integration")
EMPLOYEE, WEBSITE, TEXT = (
    PickupRequest.CanceledVia.EMPLOYEE,
    PickupRequest.CanceledVia.WEBSITE,
    PickupRequest.CanceledVia.TEXT,
)


class TestSignup:
    @pytest.mark.parametrize("source", ["POS", "Website"])
    def test_a_signup_records_its_source_and_a_visit(self, business: Business, source: str) -> None:
        at = timezone.now() - timedelta(minutes=5)
        customer = Customer.sign_up(business, source=source, at=at, first_name="Ann")
        assert [
            (row.event, row.subject_id, row.occurred_at, row.facts)
            for row in waiting(event__contains="Customer")
        ] == [
            ("New Customer Signup", customer.pk, at, {"source": source}),
            ("Customer Visit", customer.visits.get().pk, at, {"visit_type": "Signup"}),
        ]
        assert names() == ["New Customer Signup", "identify", "Customer Visit"]

    def test_a_refused_signup_records_nothing(self, business: Business) -> None:
        with nothing_written(), refused("Enter a valid email address.", "invalid", "email"):
            Customer.sign_up(business, email="ann at example.com")

    def test_a_signup_without_any_details_is_refused(self, business: Business) -> None:
        nobody = (
            "Give at least one of: first name, last name, company, email address, phone number."
        )
        with nothing_written(), refused(nobody, "invalid", "first_name"):
            Customer.sign_up(business)


class TestVisit:
    def test_a_visit_is_recorded_once_a_day(self, customer: Customer) -> None:
        at = timezone.now()
        Order.create(customer, at=at)
        Order.create(customer)
        assert [(row.occurred_at, row.facts) for row in waiting(event="Customer Visit")] == [
            (at, {"visit_type": "Store"})
        ]

    def test_a_visit_after_a_signup_of_the_same_day_is_not_recorded(
        self, business: Business
    ) -> None:
        customer = Customer.sign_up(business, first_name="Ann")
        Order.create(customer)
        assert facts("Customer Visit") == {"visit_type": "Signup"}

    def test_a_visit_by_a_driver_has_that_type(self, customer: Customer) -> None:
        Stop.schedule(customer, customer.business.today()).complete(bags_delivered=1)
        assert facts("Customer Visit") == {"visit_type": "Driver"}

    def test_a_visit_of_the_next_day_is_recorded_too(self, customer: Customer) -> None:
        now = timezone.now()
        Order.create(customer, at=now - timedelta(days=1))
        order = Order.create(customer, at=now)
        order.return_to_customer(by=None)
        assert [row.occurred_at for row in waiting(event="Customer Visit")] == [
            now - timedelta(days=1),
            now,
        ]


class TestPickup:
    @pytest.mark.parametrize("by", ["Employee", "Customer"])
    def test_a_scheduled_pickup_records_who_scheduled_it(self, customer: Customer, by: str) -> None:
        day = customer.business.today() + timedelta(days=2)
        pickup = customer.schedule_pickup(day, by=by)
        assert [(row.event, row.subject_id, row.occurred_at, row.facts) for row in waiting()] == [
            (
                "Pickup Scheduled",
                pickup.pk,
                pickup.created_at,
                {"scheduled_by": by, "pickup_date": day.isoformat()},
            )
        ]
        with (
            nothing_written(),
            refused(
                f"There is already a pickup on {day}. Choose another day.",
                "scheduled_already",
                "pickup_date",
            ),
        ):
            customer.schedule_pickup(day)

    @pytest.mark.parametrize("via", [WEBSITE, TEXT])
    def test_a_pickup_that_the_customer_cancels_records_how(
        self, customer: Customer, via: str
    ) -> None:
        day = customer.business.today()
        pickup = customer.schedule_pickup(day)
        at = timezone.now()
        pickup.cancel(via=via, at=at)
        (canceled,) = waiting(event="Customer Canceled Pickup")
        assert (canceled.subject_id, canceled.occurred_at) == (pickup.pk, at)
        assert canceled.facts == {"canceled_via": via, "pickup_date": day.isoformat()}
        with nothing_written(), refused("This pickup was already canceled.", "canceled_already"):
            pickup.cancel(via=via)

    def test_a_pickup_that_an_employee_cancels_records_nothing(self, customer: Customer) -> None:
        pickup = customer.schedule_pickup(customer.business.today())
        with nothing_written():
            pickup.cancel(via=EMPLOYEE)

    def test_a_completed_pickup_records_nothing_more(self, customer: Customer) -> None:
        pickup = customer.schedule_pickup(customer.business.today())
        with nothing_written():
            pickup.complete()

    def test_a_cancellation_by_text_also_shows_that_the_phone_is_a_mobile_one(
        self, customer: Customer
    ) -> None:
        pickup = customer.schedule_pickup(customer.business.today())
        pickup.cancel(via=TEXT)
        assert names() == ["Pickup Scheduled", "Customer Canceled Pickup", "identify"]


class TestRegularPickupRequest:
    def test_a_request_for_regular_pickups_records_the_address(self, customer: Customer) -> None:
        request = customer.request_regular_pickups()
        (row,) = waiting(event="Customer Requested Regular Pickups")
        assert (row.subject_id, row.occurred_at) == (request.pk, request.requested_at)
        assert row.facts == {"address": customer.address}
        assert names() == ["Customer Requested Regular Pickups", "identify"]

    def test_a_request_for_another_address_records_that_address(self, customer: Customer) -> None:
        customer.request_regular_pickups(
            address={"street": "", "city": "Ōsaka", "state": "", "postalCode": "", "country": "JP"}
        )
        assert facts("Customer Requested Regular Pickups") == {
            "address": {
                "street": None,
                "city": "Ōsaka",
                "state": None,
                "postalCode": None,
                "country": "JP",
            }
        }

    def test_a_request_that_is_repeated_is_recorded_once(self, customer: Customer) -> None:
        customer.request_regular_pickups()
        with (
            nothing_written(),
            refused(
                "This customer already has a request that waits for approval.", "requested_already"
            ),
        ):
            customer.request_regular_pickups()

    @pytest.mark.parametrize("decide", [RegularPickupRequest.approve, RegularPickupRequest.decline])
    def test_a_decision_about_a_request_changes_a_trait_and_records_no_event(
        self, customer: Customer, decide: object
    ) -> None:
        request = customer.request_regular_pickups()
        assert callable(decide)
        decide(request)
        assert names() == ["Customer Requested Regular Pickups", "identify"]
