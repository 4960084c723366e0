"""Stop reports of a phone that was offline: each has its own result."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer, Order, Stop
from events.models import Integration, Outgoing
from smrt_integration.api.resources.line_items import MAX_ITEMS
from smrt_integration.api.resources.stop_reports import (
    MAX_NEW_ITEMS,
    MAX_NEW_ORDERS,
    MAX_ORDERS_PER_STOP,
    MAX_REPORTS,
)
from tests.api.conftest import Caller, errors, fields, told_errors
from tests.customers.contention import WAIT_TIMEOUT_SECONDS, wait_for_waiting
from tests.factories import AgentFactory, CustomerFactory, EmployeeFactory, StopFactory

pytestmark = pytest.mark.django_db

STOP_NOT_FOUND = "There is no stop with this id."
TOO_MANY_ORDERS = (
    "One call may have at most 300 new orders with 3,000 items. Split it into several calls."
)


def ago(minutes: float) -> str:
    return (timezone.now() - timedelta(minutes=minutes)).isoformat()


def report_stops(app: Caller, *reports: dict[str, Any]) -> list[dict[str, Any]]:
    response = app.post("stops/reports", {"reports": list(reports)})
    assert response.status_code == 200, response.content
    results: list[dict[str, Any]] = response.json()["answers"]
    return results


def statuses(results: list[dict[str, Any]]) -> list[str]:
    return [result["status"] for result in results]


def report_statuses(app: Caller, *reports: dict[str, Any]) -> list[str]:
    return statuses(report_stops(app, *reports))


def orders(number: int, items: int = 0) -> list[dict[str, Any]]:
    return [{"items": [{"description": "Shirt", "price": "4.50"}] * items}] * number


class TestEachReport:
    @pytest.mark.parametrize(
        ("wrong", "field", "message"),
        [
            (
                {"driver": str(uuid4())},
                "driver",
                "There is no employee with this id.",
            ),
            (
                {"at": "2026-03-27T17:05:00"},
                "at",
                "Give the time with its offset, as in 2026-03-27T17:05:00-07:00",
            ),
            ({"at": "yesterday"}, "at", "Datetime has wrong format."),
            (
                {"at": "2226-03-27T17:05:00Z"},
                "at",
                "This time is in the future. The server's time is",
            ),
            (
                {"bags_delivered": 10**30},
                "bags_delivered",
                "Ensure this value is less than or equal to 2147483647.",
            ),
            (
                {"new_orders": [{}, {"discount": str(uuid4())}]},
                "new_orders[1].discount",
                "There is no discount with this id.",
            ),
            (
                {"new_orders": [{"number": "7" * 41}]},
                "new_orders[0].number",
                "Ensure this field has no more than 40 characters.",
            ),
            (
                {"new_orders": [{"items": [{"price": "x", "description": "Shirt"}]}]},
                "new_orders[0].items[0].price",
                "A valid number",
            ),
            ({"delivered_orders": ["x"]}, "delivered_orders[0]", "Must be a valid UUID."),
            (
                {"delivered_orders": [str(uuid4())]},
                "delivered_orders[0]",
                "There is no order with this id.",
            ),
            ({"outcome": "lost"}, "outcome", '"lost" is not a valid choice.'),
        ],
    )
    def test_an_invalid_report_is_refused_and_the_others_are_done(
        self, app: Caller, customer: Customer, wrong: dict[str, Any], field: str, message: str
    ) -> None:
        bad, good = StopFactory.create_batch(2, customer=customer)

        results = report_stops(
            app,
            {"stop": str(bad.uuid), "outcome": "completed"} | wrong,
            {"stop": str(good.uuid), "outcome": "missed"},
        )

        assert statuses(results) == ["refused", "done"]
        (error,) = told_errors(results[0]["errors"])
        assert error.field == field
        assert error.message.startswith(message)
        assert results[0]["stop"] == str(bad.uuid)
        bad.refresh_from_db()
        assert (bad.status, bad.reported, Order.objects.count()) == ("pending", "", 0)

    def test_all_errors_of_a_report_are_named(self, app: Caller) -> None:
        (result,) = report_stops(app, {"stop": "the green house"})

        assert (result["stop"], result["status"]) == (None, "refused")
        assert told_errors(result["errors"]) == [
            ("invalid", "stop", "Must be a valid UUID."),
            ("required", "outcome", "This field is required."),
        ]

    def test_a_missed_stop_with_orders_is_refused(self, app: Caller, customer: Customer) -> None:
        stop = StopFactory.create(customer=customer)

        (result,) = report_stops(
            app, {"stop": str(stop.uuid), "outcome": "missed", "new_orders": orders(1)}
        )

        assert result["status"] == "refused"
        assert told_errors(result["errors"]) == [
            ("invalid", "outcome", "A missed stop cannot have orders or bags.")
        ]

    @pytest.mark.parametrize(
        ("reports", "field"),
        [
            (None, "reports"),
            ({}, "reports"),
            ([], "reports"),
            (["x"], "reports[0]"),
            ([{"stop": str(uuid4()), "outcome": "missed"}] * (MAX_REPORTS + 1), "reports"),
        ],
    )
    def test_a_body_that_is_not_a_list_of_reports_is_refused_as_a_whole(
        self, app: Caller, reports: Any, field: str
    ) -> None:
        response = app.post("stops/reports", {"reports": reports})

        assert (response.status_code, fields(response)) == (400, [field])


class TestKnown:
    def test_a_different_report_of_a_finished_stop_is_refused(
        self, app: Caller, customer: Customer
    ) -> None:
        """Otherwise its orders would be lost silently."""
        stop = StopFactory.create(customer=customer)
        first = {
            "stop": str(stop.uuid),
            "outcome": "completed",
            "new_orders": orders(1, 1),
            "at": ago(5),
        }

        results = report_stops(
            app, first, first | {"at": ago(2)}, first | {"new_orders": orders(2, 1), "at": ago(1)}
        )

        assert statuses(results) == ["done", "known", "refused"]
        assert told_errors(results[2]["errors"]) == [
            ("completed_already", None, "This stop was already completed.")
        ]
        assert Order.objects.count() == 1

    def test_a_report_of_a_phone_whose_clock_is_ahead_is_done_and_then_known(
        self, app: Caller, customer: Customer
    ) -> None:
        """The time ahead became the server's; the phone repeats its own."""
        report = {
            "stop": str(uuid4()),
            "customer": str(customer.uuid),
            "outcome": "completed",
            "new_orders": orders(1, 1),
            "at": ago(-4 / 60),
        }

        assert statuses(report_stops(app, report, report)) == ["done", "known"]
        assert report_statuses(app, report) == ["known"]
        stop, order = Stop.objects.get(), Order.objects.get()
        assert stop.completed_at is not None
        assert order.created_at <= stop.completed_at <= timezone.now()

    def test_a_repetition_is_known_if_the_stop_had_an_order_before(
        self, app: Caller, customer: Customer
    ) -> None:
        stop = StopFactory.create(customer=customer)
        app.post("orders", {"customer": str(customer.uuid), "stop": str(stop.uuid)})
        report = {"stop": str(stop.uuid), "outcome": "completed"}

        assert [report_stops(app, report)[0]["status"] for _ in range(2)] == ["done", "known"]

    def test_a_report_after_complete_or_miss_without_a_response_is_known(
        self, app: Caller, customer: Customer
    ) -> None:
        """The notation of the values makes no difference."""
        driver = EmployeeFactory.create(business=customer.business, driver=True)
        same_order: dict[str, Any] = {"tax_rate": 8.50, "bags": 1}
        completed, missed = StopFactory.create_batch(2, customer=customer)
        app.post(
            f"stops/{completed.uuid}/complete",
            {"driver": str(driver.uuid), "new_orders": [{"tax_rate": "8.5"}]},
        )
        app.post(f"stops/{missed.uuid}/miss")

        results = report_stops(
            app,
            {
                "stop": str(completed.uuid),
                "outcome": "completed",
                "driver": str(driver.uuid),
                "new_orders": [same_order],
            },
            {"stop": str(missed.uuid), "outcome": "missed", "at": ago(1)},
            {
                "stop": str(completed.uuid),
                "outcome": "completed",
                "new_orders": [{"tax_rate": "8.5"}],
            },
            {"stop": str(missed.uuid), "outcome": "completed"},
        )

        assert statuses(results) == ["known", "known", "refused", "refused"]


class TestUnplanned:
    def test_an_unplanned_stop_is_created_and_completed(
        self, app: Caller, customer: Customer, integration: Integration
    ) -> None:
        """It is scheduled for the business's day: at 05:30 UTC it is still the day before."""
        at = (timezone.now() - timedelta(days=1)).replace(hour=5, minute=30)
        route = AgentFactory.create(business=customer.business, route=True, name="Hillside")
        driver = EmployeeFactory.create(business=customer.business, driver=True)
        Outgoing.objects.all().delete()
        references = {
            "stop": str(uuid4()),
            "customer": str(customer.uuid),
            "route": str(route.uuid),
            "driver": str(driver.uuid),
        }
        report: dict[str, Any] = {
            **references,
            "outcome": "completed",
            "at": at.isoformat(),
            "bags_delivered": 2,
        }

        assert statuses(report_stops(app, report)) == ["done"]

        stop = Stop.objects.get()
        assert (str(stop.uuid), stop.customer, stop.route, stop.driver) == (
            report["stop"],
            customer,
            route,
            driver,
        )
        assert (stop.scheduled_for, stop.status, stop.total_deliveries) == (
            at.date() - timedelta(days=1),
            "completed",
            2,
        )
        assert (stop.address, stop.completed_at) == (customer.address, at)
        assert Outgoing.objects.filter(event="Pickup Completed").count() == 1
        assert app.get(f"stops/{report['stop']}").json()["status"] == "completed"

    def test_a_repetition_without_the_customer_is_known(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "missed"}

        assert statuses(report_stops(app, report, report)) == ["done", "known"]
        assert statuses(
            report_stops(app, report, {"stop": report["stop"], "outcome": "missed"})
        ) == [
            "known",
            "known",
        ]
        assert Stop.objects.count() == 1

    def test_a_refused_report_leaves_no_stop(self, app: Caller, customer: Customer) -> None:
        """The phone can report it again once it is corrected."""
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "completed"}

        assert statuses(report_stops(app, report | {"delivered_orders": [str(uuid4())]})) == [
            "refused"
        ]
        assert not Stop.objects.exists()
        assert statuses(report_stops(app, report | {"bags_delivered": 1})) == ["done"]

    def test_the_id_of_another_business_s_stop_is_refused_like_an_unknown_id(
        self, app: Caller, customer: Customer
    ) -> None:
        theirs = StopFactory.create()
        report = {"stop": str(theirs.uuid), "outcome": "missed"}

        results = report_stops(
            app, report | {"customer": str(customer.uuid)}, report, report | {"stop": str(uuid4())}
        )

        assert [(result["status"], told_errors(result["errors"])) for result in results] == [
            ("refused", [("does_not_exist", "stop", STOP_NOT_FOUND)])
        ] * 3
        theirs.refresh_from_db()
        assert (theirs.status, Stop.objects.count()) == ("pending", 1)

    def test_a_customer_or_route_of_another_business_is_unknown(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "missed"}

        for name, noun, uuid in (
            ("customer", "customer", CustomerFactory.create().uuid),
            ("route", "agent", AgentFactory.create(route=True).uuid),
        ):
            theirs, nobodys = report_stops(
                app, report | {name: str(uuid)}, report | {name: str(uuid4())}
            )
            assert theirs == nobodys
            assert told_errors(theirs["errors"]) == [
                ("does_not_exist", name, f"There is no {noun} with this id.")
            ]
        assert not Stop.objects.exists()

    def test_a_stop_at_another_customer_is_refused(self, app: Caller, customer: Customer) -> None:
        stop, neighbour = (
            StopFactory.create(customer=customer),
            CustomerFactory.create(business=customer.business),
        )
        report = {"stop": str(stop.uuid), "outcome": "missed"}

        results = report_stops(
            app,
            report | {"customer": str(neighbour.uuid)},
            report | {"customer": str(customer.uuid)},
        )

        assert statuses(results) == ["refused", "done"]
        assert told_errors(results[0]["errors"]) == [
            ("other_customer", "customer", "This stop is for another customer.")
        ]


class TestLimits:
    def test_too_many_orders_in_one_call_are_refused(self, app: Caller, customer: Customer) -> None:
        stops = StopFactory.create_batch(4, customer=customer)
        full = {"outcome": "completed", "new_orders": orders(MAX_ORDERS_PER_STOP)}
        reports = [{"stop": str(stop.uuid)} | full for stop in stops[:3]] + [
            {"stop": str(stops[3].uuid), "outcome": "completed", "new_orders": orders(1)}
        ]
        assert MAX_ORDERS_PER_STOP * 3 == MAX_NEW_ORDERS

        response = app.post("stops/reports", {"reports": reports})

        assert (response.status_code, errors(response)) == (
            400,
            [("too_many", "reports", TOO_MANY_ORDERS)],
        )
        assert not Order.objects.exists()
        assert not Stop.objects.exclude(status="pending").exists()

    def test_as_many_orders_as_allowed_are_accepted(self, app: Caller, customer: Customer) -> None:
        """Orders count in total, also those of invalid reports."""
        stop = StopFactory.create(customer=customer)
        few = {
            "stop": str(uuid4()),
            "outcome": "completed",
            "new_orders": orders(MAX_ORDERS_PER_STOP),
        }
        last = {"stop": str(stop.uuid), "outcome": "completed", "new_orders": orders(2)}

        results = report_stops(
            app,
            few,
            few,
            few | {"new_orders": orders(MAX_ORDERS_PER_STOP - 2)},
            last,
            few | {"new_orders": {"items": 7}},
        )

        assert statuses(results) == ["refused"] * 3 + ["done", "refused"]

    @pytest.mark.parametrize("excess", [0, 1])
    def test_items_in_one_call_are_limited(
        self, app: Caller, customer: Customer, excess: int
    ) -> None:
        first, second = StopFactory.create_batch(2, customer=customer)
        most = [*orders(MAX_NEW_ITEMS // MAX_ITEMS - 1, MAX_ITEMS), *orders(1, MAX_ITEMS - 1)]
        whole = [*most, *orders(1, 1 + excess)]

        response = app.post(f"stops/{first.uuid}/complete", {"new_orders": whole})
        several = [{"stop": str(uuid4()), "outcome": "completed", "new_orders": most}]
        several += [
            {"stop": str(second.uuid), "outcome": "completed", "new_orders": orders(1, 1 + excess)}
        ]
        reported = app.post("stops/reports", {"reports": several})

        assert (response.status_code, reported.status_code) == (
            (400, 400) if excess else (200, 200)
        )
        if excess:
            assert errors(response) == [
                (
                    "too_many",
                    "new_orders",
                    TOO_MANY_ORDERS
                    + " You can also create orders at a stop before you complete it.",
                )
            ]
            assert errors(reported) == [("too_many", "reports", TOO_MANY_ORDERS)]
        assert Order.objects.exists() is not bool(excess)


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def report_at_once(
        self, customers: list[Customer], phones: list[Callable[[], list[str]]]
    ) -> list[list[str]]:
        """Lock all customers until every phone has begun, then let them go on together."""

        def phone(report: Callable[[], list[str]]) -> list[str]:
            try:
                return report()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(phones)) as threads:
            with transaction.atomic():
                for customer in customers:
                    customer.lock()
                futures = [threads.submit(phone, report) for report in phones]
                wait_for_waiting(len(phones))
            return [future.result(WAIT_TIMEOUT_SECONDS) for future in futures]

    @pytest.mark.parametrize("planned", [True, False])
    def test_two_phones_with_stops_of_the_same_customers_do_not_deadlock(
        self, app: Caller, customer: Customer, planned: bool
    ) -> None:
        """Each phone visited the customers in a different order."""
        customers = [customer, CustomerFactory.create(business=customer.business)]

        def report(customer: Customer, minutes: int) -> dict[str, Any]:
            at = {"outcome": "missed", "at": ago(minutes)}
            if planned:
                return at | {"stop": str(StopFactory.create(customer=customer).uuid)}
            return at | {"stop": str(uuid4()), "customer": str(customer.uuid)}

        days = [
            [report(customer, 9 - n) for n, customer in enumerate(visited)]
            for visited in (customers, customers[::-1])
        ]

        outcomes = self.report_at_once(
            customers,
            [partial(report_statuses, app, *day) for day in days],
        )

        assert outcomes == [["done", "done"]] * 2

    def test_a_phone_that_reports_an_unplanned_stop_twice_at_once_creates_one(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {
            "stop": str(uuid4()),
            "customer": str(customer.uuid),
            "outcome": "completed",
            "bags_delivered": 1,
        }

        outcomes = self.report_at_once(
            [customer], [lambda: statuses(report_stops(app, report))] * 2
        )

        assert sorted(outcomes) == [["done"], ["known"]]
        assert Stop.objects.count() == 1
