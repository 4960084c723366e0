"""Pickup requests and requests for regular pickups."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from customers.models import Customer, Employee, PickupRequest, RegularPickupRequest
from tests.customers.recorder import Saved, summaries
from tests.customers.refused import refused
from tests.factories import CustomerFactory, EmployeeFactory

pytestmark = pytest.mark.django_db

# Half past eleven at night on the 2nd in Los Angeles.
LATE = datetime(2026, 3, 3, 7, 30, tzinfo=UTC)
TODAY = date(2026, 3, 2)
TOMORROW = date(2026, 3, 3)


@pytest.fixture(autouse=True)
def late_at_night() -> object:
    with time_machine.travel(LATE, tick=False):
        yield


@pytest.fixture
def pickup(customer: Customer) -> PickupRequest:
    return customer.schedule_pickup(TOMORROW, by="Customer")


class TestScheduling:
    def test_an_employee_or_the_customer_schedules_a_pickup(
        self, customer: Customer, clerk: Employee, saves: list[Saved]
    ) -> None:
        saves.clear()
        by_employee = customer.schedule_pickup(TODAY, by="Employee", employee=clerk)
        by_customer = customer.schedule_pickup(TOMORROW, by="Customer")
        assert summaries(saves) == ["PickupRequest +", "PickupRequest +"]
        assert (by_employee.scheduled_by, by_employee.employee, by_employee.status) == (
            "Employee",
            clerk,
            "scheduled",
        )
        assert (by_customer.scheduled_by, by_customer.pickup_date, by_customer.created_at) == (
            "Customer",
            TOMORROW,
            LATE,
        )

    def test_the_pickup_date_must_not_be_before_the_local_day(self, customer: Customer) -> None:
        with refused(
            "2026-03-01 has passed. Choose today or a later day.", "past_date", "pickup_date"
        ):
            customer.schedule_pickup(TODAY - timedelta(days=1))

    def test_a_customer_has_at_most_one_pickup_a_day(
        self, pickup: PickupRequest, customer: Customer
    ) -> None:
        with refused(
            "There is already a pickup on 2026-03-03. Choose another day.",
            "scheduled_already",
            "pickup_date",
        ):
            customer.schedule_pickup(TOMORROW)

    def test_after_a_cancellation_the_day_is_free_again(
        self, pickup: PickupRequest, customer: Customer
    ) -> None:
        pickup.cancel(via="Website")
        customer.schedule_pickup(TOMORROW)
        assert sorted(customer.pickup_requests.values_list("status", flat=True)) == [
            "canceled",
            "scheduled",
        ]

    def test_another_customer_may_have_the_same_day(self, pickup: PickupRequest) -> None:
        CustomerFactory.create(business=pickup.business).schedule_pickup(TOMORROW)

    def test_another_business_s_employee_is_refused(self, customer: Customer) -> None:
        foreign = EmployeeFactory.create()
        with refused("This employee belongs to another business.", "other_business", "employee"):
            customer.schedule_pickup(TOMORROW, employee=foreign)

    def test_only_an_employee_or_the_customer_can_schedule(self, customer: Customer) -> None:
        with refused("Scheduled by must be Employee or Customer.", "invalid", "by"):
            customer.schedule_pickup(TOMORROW, by="Robot")


class TestCanceling:
    @pytest.mark.parametrize("via", ["Website", "Text", "Employee"])
    def test_a_cancellation_records_how_and_when(
        self, pickup: PickupRequest, saves: list[Saved], via: str
    ) -> None:
        saves.clear()
        pickup.cancel(via=via)
        assert summaries(saves)[0] == "PickupRequest canceled_at canceled_via status"
        pickup = PickupRequest.objects.get(pk=pickup.pk)
        assert (pickup.status, pickup.canceled_via, pickup.canceled_at) == ("canceled", via, LATE)

    @pytest.mark.parametrize(
        ("via", "answered_at"), [("Text", LATE), ("Website", None), ("Employee", None)]
    )
    def test_only_a_reply_to_a_text_shows_that_the_phone_is_mobile(
        self, pickup: PickupRequest, customer: Customer, via: str, answered_at: datetime | None
    ) -> None:
        pickup.cancel(via=via)
        customer.refresh_from_db()
        assert customer.text_answered_at == answered_at

    def test_a_pickup_is_canceled_only_once(self, pickup: PickupRequest) -> None:
        pickup.cancel(via="Website")
        with refused("This pickup was already canceled.", "canceled_already"):
            pickup.cancel(via="Text")

    def test_a_completed_pickup_is_not_canceled(self, pickup: PickupRequest) -> None:
        pickup.complete()
        with refused("This pickup was already completed.", "completed_already"):
            pickup.cancel(via="Employee")
        with refused("This pickup was already completed.", "completed_already"):
            pickup.complete()

    def test_a_reply_after_the_day_cancels_nothing(self, pickup: PickupRequest) -> None:
        with time_machine.travel(LATE + timedelta(days=2)):
            with refused("The day of this pickup, 2026-03-03, has passed.", "past_date"):
                pickup.cancel(via="Text")
            pickup.cancel(via="Employee")

    def test_an_unknown_way_to_cancel_is_refused(self, pickup: PickupRequest) -> None:
        with refused("Canceled via must be Website, Text or Employee.", "invalid", "via"):
            pickup.cancel(via="Phone")


class TestRegularPickups:
    def test_a_request_waits_for_approval(self, customer: Customer, saves: list[Saved]) -> None:
        saves.clear()
        request = customer.request_regular_pickups()
        assert summaries(saves) == ["RegularPickupRequest +", "Customer delivery_preference"]
        assert (request.status, request.address, request.requested_at) == (
            "pending",
            customer.address,
            LATE,
        )
        customer.refresh_from_db()
        assert customer.delivery_preference == "Route Approval Pending"

    def test_a_request_may_name_another_address(self, customer: Customer) -> None:
        request = customer.request_regular_pickups(
            address={
                "street": "1 Work Street",
                "city": "Oakland",
                "state": None,
                "postalCode": None,
                "country": "US",
            }
        )
        assert (request.street, request.city, request.state, request.country) == (
            "1 Work Street",
            "Oakland",
            "",
            "US",
        )

    def test_a_second_request_is_refused_while_one_waits(self, customer: Customer) -> None:
        customer.request_regular_pickups()
        with refused(
            "This customer already has a request that waits for approval.", "requested_already"
        ):
            customer.request_regular_pickups()

    def test_an_approved_request_puts_the_customer_on_a_route(self, customer: Customer) -> None:
        request = customer.request_regular_pickups()
        request.approve()
        customer.refresh_from_db()
        assert (RegularPickupRequest.objects.get().status, request.decided_at) == ("approved", LATE)
        assert customer.delivery_preference == "Route Regular"
        with refused("This customer is already on a regular route.", "on_route_already"):
            customer.request_regular_pickups()

    def test_after_a_decline_the_customer_may_request_again(self, customer: Customer) -> None:
        customer.request_regular_pickups().decline()
        customer.refresh_from_db()
        assert customer.delivery_preference == "Delivery Address Declined"
        customer.request_regular_pickups()
        assert sorted(customer.regular_pickup_requests.values_list("status", flat=True)) == [
            "declined",
            "pending",
        ]

    def test_a_request_is_decided_only_once(self, customer: Customer) -> None:
        request = customer.request_regular_pickups()
        request.approve()
        for again in (request.approve, request.decline):
            with refused("This request was already approved.", "approved_already"):
                again()

    def test_an_unknown_delivery_preference_is_refused(self, customer: Customer) -> None:
        sentence = (
            "By Drone is not a delivery preference. Choose one of: No Delivery Preference, "
            "Route Approval Pending, Route Regular, Delivery Address Declined, Will Call, "
            "Deliver with Master."
        )
        with refused(sentence, "invalid", "delivery_preference"):
            customer.set_delivery_preference("By Drone")
