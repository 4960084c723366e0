"""What a phone that was offline tells of its stops: each report is done, known or refused by itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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
from tests.api.conftest import Caller
from tests.customers.contention import WAIT_TIMEOUT_SECONDS, wait_for_waiting
from tests.factories import AgentFactory, CustomerFactory, EmployeeFactory, StopFactory

pytestmark = pytest.mark.django_db

STOP_NOT_FOUND = "There is no stop with this id."
TOO_MANY_ORDERS = (
    "One call may have at most 300 new orders with 3,000 items. Split it into several calls."
)


def ago(minutes: int) -> str:
    return (timezone.now() - timedelta(minutes=minutes)).isoformat()


def told(app: Caller, *reports: dict[str, Any]) -> list[dict[str, Any]]:
    answer = app.post("stops/reports", {"reports": list(reports)})
    assert answer.status_code == 200, answer.content
    answers: list[dict[str, Any]] = answer.json()["answers"]
    return answers


def statuses(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["status"] for answer in answers]


def orders(number: int, items: int = 0) -> list[dict[str, Any]]:
    return [{"items": [{"description": "Shirt", "price": "4.50"}] * items}] * number


class TestByItself:
    @pytest.mark.parametrize(
        ("wrong", "detail"),
        [
            (
                {"driver": str(uuid4())},
                "driver: There is no employee with this id.",
            ),
            (
                {"at": "2026-03-27T17:05:00"},
                "at: Give the time with its offset, as in 2026-03-27T17:05:00-07:00",
            ),
            ({"at": "yesterday"}, "at: Datetime has wrong format."),
            ({"at": "2226-03-27T17:05:00Z"}, "at: This time lies in the future."),
            (
                {"bags_delivered": 10**30},
                "bags_delivered: Ensure this value is less than or equal to 2147483647.",
            ),
            (
                {"new_orders": [{}, {"discount": str(uuid4())}]},
                "new_orders.1.discount: There is no discount with this id.",
            ),
            (
                {"new_orders": [{"number": "7" * 41}]},
                "new_orders.0.number: Ensure this field has no more than 40 characters.",
            ),
            (
                {"new_orders": [{"items": [{"price": "x", "description": "Shirt"}]}]},
                "new_orders.0.items.0.price: A valid number",
            ),
            ({"delivered_orders": ["x"]}, "delivered_orders.0: Must be a valid UUID."),
            (
                {"delivered_orders": [str(uuid4())]},
                "delivered_orders: There is no order with this id.",
            ),
            ({"outcome": "lost"}, 'outcome: "lost" is not a valid choice.'),
        ],
    )
    def test_a_report_that_makes_no_sense_is_refused_and_the_others_are_done(
        self, app: Caller, customer: Customer, wrong: dict[str, Any], detail: str
    ) -> None:
        bad, good = StopFactory.create_batch(2, customer=customer)

        answers = told(
            app,
            {"stop": str(bad.uuid), "outcome": "completed"} | wrong,
            {"stop": str(good.uuid), "outcome": "missed"},
        )

        assert statuses(answers) == ["refused", "done"]
        assert answers[0]["detail"].startswith(detail)
        assert answers[0]["stop"] == str(bad.uuid)
        bad.refresh_from_db()
        assert (bad.status, bad.reported, Order.objects.count()) == ("pending", "", 0)

    def test_all_that_is_wrong_is_said(self, app: Caller) -> None:
        (answer,) = told(app, {"stop": "the green house"})

        assert answer == {
            "stop": None,
            "status": "refused",
            "detail": "stop: Must be a valid UUID. outcome: This field is required.",
        }

    def test_what_a_missed_stop_is_said_to_have_brought_is_not_lost_unseen(
        self, app: Caller, customer: Customer
    ) -> None:
        stop = StopFactory.create(customer=customer)

        (answer,) = told(
            app, {"stop": str(stop.uuid), "outcome": "missed", "new_orders": orders(1)}
        )

        assert (answer["status"], answer["detail"]) == (
            "refused",
            "outcome: A missed stop cannot have orders or bags.",
        )

    @pytest.mark.parametrize(
        "reports",
        [None, {}, [], ["x"], [{"stop": str(uuid4()), "outcome": "missed"}] * (MAX_REPORTS + 1)],
    )
    def test_what_is_no_list_of_reports_is_refused_as_a_whole(
        self, app: Caller, reports: Any
    ) -> None:
        answer = app.post("stops/reports", {"reports": reports})

        assert (answer.status_code, list(answer.json())) == (400, ["reports"])


class TestKnown:
    def test_a_different_report_of_a_stop_that_is_done_is_refused(
        self, app: Caller, customer: Customer
    ) -> None:
        """What it brings would be lost unseen."""
        stop = StopFactory.create(customer=customer)
        first = {
            "stop": str(stop.uuid),
            "outcome": "completed",
            "new_orders": orders(1, 1),
            "at": ago(5),
        }

        answers = told(
            app, first, first | {"at": ago(2)}, first | {"new_orders": orders(2, 1), "at": ago(1)}
        )

        assert statuses(answers) == ["done", "known", "refused"]
        assert answers[2]["detail"] == "This stop was completed already."
        assert Order.objects.count() == 1

    def test_a_repetition_is_known_where_an_order_had_been_taken_in_before(
        self, app: Caller, customer: Customer
    ) -> None:
        stop = StopFactory.create(customer=customer)
        app.post("orders", {"customer": str(customer.uuid), "stop": str(stop.uuid)})
        report = {"stop": str(stop.uuid), "outcome": "completed"}

        assert [told(app, report)[0]["status"] for _ in range(2)] == ["done", "known"]

    def test_it_had_been_reported_at_once_but_the_phone_heard_no_answer(
        self, app: Caller, customer: Customer
    ) -> None:
        """However it writes the same."""
        driver = EmployeeFactory.create(business=customer.business, driver=True)
        otherwise: dict[str, Any] = {"tax_rate": 8.50, "bags": 1}
        completed, missed = StopFactory.create_batch(2, customer=customer)
        app.post(
            f"stops/{completed.uuid}/complete",
            {"driver": str(driver.uuid), "new_orders": [{"tax_rate": "8.5"}]},
        )
        app.post(f"stops/{missed.uuid}/miss")

        answers = told(
            app,
            {
                "stop": str(completed.uuid),
                "outcome": "completed",
                "driver": str(driver.uuid),
                "new_orders": [otherwise],
            },
            {"stop": str(missed.uuid), "outcome": "missed", "at": ago(1)},
            {
                "stop": str(completed.uuid),
                "outcome": "completed",
                "new_orders": [{"tax_rate": "8.5"}],
            },
            {"stop": str(missed.uuid), "outcome": "completed"},
        )

        assert statuses(answers) == ["known", "known", "refused", "refused"]


class TestUnplanned:
    def test_a_door_that_was_on_no_list(
        self, app: Caller, customer: Customer, integration: Integration
    ) -> None:
        """On the business's day on which it happened: in San Francisco it was still the evening before."""
        at = (timezone.now() - timedelta(days=1)).replace(hour=5, minute=30)
        route = AgentFactory.create(business=customer.business, route=True, name="Hillside")
        driver = EmployeeFactory.create(business=customer.business, driver=True)
        Outgoing.objects.all().delete()
        refers = {
            "stop": str(uuid4()),
            "customer": str(customer.uuid),
            "route": str(route.uuid),
            "driver": str(driver.uuid),
        }
        report: dict[str, Any] = {
            **refers,
            "outcome": "completed",
            "at": at.isoformat(),
            "bags_delivered": 2,
        }

        assert statuses(told(app, report)) == ["done"]

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

    def test_a_repetition_is_known_also_without_the_customer(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "missed"}

        assert statuses(told(app, report, report)) == ["done", "known"]
        assert statuses(told(app, report, {"stop": report["stop"], "outcome": "missed"})) == [
            "known",
            "known",
        ]
        assert Stop.objects.count() == 1

    def test_of_a_report_that_is_refused_no_stop_stays(
        self, app: Caller, customer: Customer
    ) -> None:
        """So that the phone can tell it again when it is mended."""
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "completed"}

        assert statuses(told(app, report | {"delivered_orders": [str(uuid4())]})) == ["refused"]
        assert not Stop.objects.exists()
        assert statuses(told(app, report | {"bags_delivered": 1})) == ["done"]

    def test_an_id_of_another_business_s_stop_is_refused_as_one_of_none(
        self, app: Caller, customer: Customer
    ) -> None:
        theirs = StopFactory.create()
        report = {"stop": str(theirs.uuid), "outcome": "missed"}

        answers = told(
            app, report | {"customer": str(customer.uuid)}, report, report | {"stop": str(uuid4())}
        )

        assert [(answer["status"], answer["detail"]) for answer in answers] == [
            ("refused", STOP_NOT_FOUND)
        ] * 3
        theirs.refresh_from_db()
        assert (theirs.status, Stop.objects.count()) == ("pending", 1)

    def test_another_business_s_customer_or_route_is_not_here(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {"stop": str(uuid4()), "customer": str(customer.uuid), "outcome": "missed"}

        for name, noun, uuid in (
            ("customer", "customer", CustomerFactory.create().uuid),
            ("route", "agent", AgentFactory.create(route=True).uuid),
        ):
            theirs, nobodys = told(app, report | {name: str(uuid)}, report | {name: str(uuid4())})
            assert theirs == nobodys
            assert theirs["detail"] == f"{name}: There is no {noun} with this id."
        assert not Stop.objects.exists()

    def test_a_stop_at_another_customer_s_is_refused(self, app: Caller, customer: Customer) -> None:
        stop, neighbour = (
            StopFactory.create(customer=customer),
            CustomerFactory.create(business=customer.business),
        )
        report = {"stop": str(stop.uuid), "outcome": "missed"}

        answers = told(
            app,
            report | {"customer": str(neighbour.uuid)},
            report | {"customer": str(customer.uuid)},
        )

        assert statuses(answers) == ["refused", "done"]
        assert answers[0]["detail"] == "customer: This stop is at another customer's."


class TestTooMuch:
    def test_for_one_call(self, app: Caller, customer: Customer) -> None:
        stops = StopFactory.create_batch(4, customer=customer)
        full = {"outcome": "completed", "new_orders": orders(MAX_ORDERS_PER_STOP)}
        reports = [{"stop": str(stop.uuid)} | full for stop in stops[:3]] + [
            {"stop": str(stops[3].uuid), "outcome": "completed", "new_orders": orders(1)}
        ]
        assert MAX_ORDERS_PER_STOP * 3 == MAX_NEW_ORDERS

        answer = app.post("stops/reports", {"reports": reports})

        assert (answer.status_code, answer.json()) == (400, {"reports": [TOO_MANY_ORDERS]})
        assert not Order.objects.exists()
        assert not Stop.objects.exclude(status="pending").exists()

    def test_as_much_as_may_be(self, app: Caller, customer: Customer) -> None:
        """Of several stops, and whatever else is wrong with what is counted."""
        stop = StopFactory.create(customer=customer)
        few = {
            "stop": str(uuid4()),
            "outcome": "completed",
            "new_orders": orders(MAX_ORDERS_PER_STOP),
        }
        last = {"stop": str(stop.uuid), "outcome": "completed", "new_orders": orders(2)}

        answers = told(
            app,
            few,
            few,
            few | {"new_orders": orders(MAX_ORDERS_PER_STOP - 2)},
            last,
            few | {"new_orders": {"items": 7}},
        )

        assert statuses(answers) == ["refused"] * 3 + ["done", "refused"]

    @pytest.mark.parametrize("more", [0, 1])
    def test_items(self, app: Caller, customer: Customer, more: int) -> None:
        first, second = StopFactory.create_batch(2, customer=customer)
        most = [*orders(MAX_NEW_ITEMS // MAX_ITEMS - 1, MAX_ITEMS), *orders(1, MAX_ITEMS - 1)]
        whole = [*most, *orders(1, 1 + more)]

        answer = app.post(f"stops/{first.uuid}/complete", {"new_orders": whole})
        several = [{"stop": str(uuid4()), "outcome": "completed", "new_orders": most}]
        several += [
            {"stop": str(second.uuid), "outcome": "completed", "new_orders": orders(1, 1 + more)}
        ]
        answers = app.post("stops/reports", {"reports": several})

        assert (answer.status_code, answers.status_code) == ((400, 400) if more else (200, 200))
        if more:
            assert answer.json() == {
                "new_orders": [
                    TOO_MANY_ORDERS
                    + " You can also create orders at a stop before you complete it."
                ]
            }
            assert answers.json() == {"reports": [TOO_MANY_ORDERS]}
        assert Order.objects.exists() is not bool(more)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def told_at_once(
        self, customers: list[Customer], phones: list[Callable[[], list[str]]]
    ) -> list[list[str]]:
        """While all the customers are locked, so that each phone has begun before either goes on."""

        def phone(tell: Callable[[], list[str]]) -> list[str]:
            try:
                return tell()
            finally:
                connection.close()

        with ThreadPoolExecutor(len(phones)) as threads:
            with transaction.atomic():
                for customer in customers:
                    customer.lock()
                answers = [threads.submit(phone, tell) for tell in phones]
                wait_for_waiting(len(phones))
            return [answer.result(WAIT_TIMEOUT_SECONDS) for answer in answers]

    @pytest.mark.parametrize("planned", [True, False])
    def test_two_phones_with_stops_of_the_same_customers_do_not_wait_in_a_circle(
        self, app: Caller, customer: Customer, planned: bool
    ) -> None:
        """Each in its own order: one was first at the first, the other at the second."""
        customers = [customer, CustomerFactory.create(business=customer.business)]

        def report(customer: Customer, minutes: int) -> dict[str, Any]:
            at = {"outcome": "missed", "at": ago(minutes)}
            if planned:
                return at | {"stop": str(StopFactory.create(customer=customer).uuid)}
            return at | {"stop": str(uuid4()), "customer": str(customer.uuid)}

        days = [
            [report(customer, 9 - n) for n, customer in enumerate(way)]
            for way in (customers, customers[::-1])
        ]

        outcomes = self.told_at_once(
            customers,
            [lambda day=day: statuses(told(app, *day)) for day in days],  # type: ignore[misc]
        )

        assert outcomes == [["done", "done"]] * 2

    def test_a_phone_that_tells_twice_at_once_of_a_door_that_was_on_no_list(
        self, app: Caller, customer: Customer
    ) -> None:
        report = {
            "stop": str(uuid4()),
            "customer": str(customer.uuid),
            "outcome": "completed",
            "bags_delivered": 1,
        }

        outcomes = self.told_at_once([customer], [lambda: statuses(told(app, report))] * 2)

        assert sorted(outcomes) == [["done"], ["known"]]
        assert Stop.objects.count() == 1
