"""Concurrent workers and replies lead to one text, one reply and one cancellation."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from typing import Any

import psycopg
import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from customers.models import (
    Business,
    Customer,
    IncomingText,
    NightlyText,
    PickupRequest,
    TextSettings,
)
from customers.texts import nightly
from customers.texts.backends import TextBackend
from customers.texts.plan_texts import plan_texts
from customers.texts.send_results import SendResult, Sent, TextToSend
from tests.customers.contention import WAIT_TIMEOUT_SECONDS, run_at_once, wait_for_waiting
from tests.factories import CustomerFactory, PickupRequestFactory
from tests.texts.conftest import NUMBER
from tests.twilio import TwilioStandIn, automatic_replies, post_incoming_text
from tests.workers import current_database_url as database_url
from tests.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CANCELED = "Your pickup on Tuesday, November 24 is canceled. Thank you for telling us."
CANCELED_BEFORE = "Your pickup on Tuesday, November 24 was already canceled."


def run_together(count: int, action: Callable[[], Any]) -> list[Any]:
    """Run the action in `count` threads at the same time, each with its own connection.

    Returns the results.
    """
    start = Barrier(count)

    def run() -> Any:
        try:
            start.wait(WAIT_TIMEOUT_SECONDS)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        running: list[Future[Any]] = [threads.submit(run) for _ in range(count)]
        return [one.result(WAIT_TIMEOUT_SECONDS) for one in running]


@pytest.fixture
def fifty_numbers(business: Business, texting: TextSettings) -> set[str]:
    """The numbers of 50 customers with a pickup tomorrow."""
    customers = [
        CustomerFactory.create(business=business, phone=f"+1628555{100 + number:04}")
        for number in range(50)
    ]
    for customer in customers:
        PickupRequestFactory.create(customer=customer)
    return {customer.phone for customer in customers}


def test_workers_that_run_at_once_send_each_text_once(
    twilio: TwilioStandIn, fifty_numbers: set[str]
) -> None:
    runs = run_together(4, nightly.run)
    assert sum(runs, Counter()) == {"sent": 50}
    assert (len(twilio.texts()), {text.to for text in twilio.texts()}) == (50, fifty_numbers)
    assert set(NightlyText.objects.values_list("status", "attempts")) == {("sent", 1)}


def test_plans_at_once_plan_each_text_once(fifty_numbers: set[str]) -> None:
    now = timezone.now()
    assert sum(run_together(4, lambda: plan_texts(now))) == NightlyText.objects.count() == 50


def test_a_second_plan_waits_for_the_first_and_adds_nothing(
    pickup: PickupRequest,
) -> None:
    now = timezone.now()

    def plan() -> int:
        try:
            return plan_texts(now)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            assert plan_texts(now) == 1
            second = other.submit(plan)
            wait_for_waiting(1)
        assert second.result(WAIT_TIMEOUT_SECONDS) == 0
    assert NightlyText.objects.count() == 1


@pytest.fixture
def texted(twilio: TwilioStandIn, pickup: PickupRequest) -> PickupRequest:
    assert nightly.run() == {"sent": 1}
    return pickup


def test_the_same_text_reported_many_times_at_once_counts_once(
    texted: PickupRequest,
) -> None:
    phone = texted.customer.phone
    replies = run_together(
        6, lambda: automatic_replies(post_incoming_text(phone, NUMBER, "No", sid="SM7"))
    )
    assert replies == [[CANCELED]] * 6
    assert IncomingText.objects.count() == 1


def test_two_replies_no_at_once_cancel_a_pickup_once(texted: PickupRequest) -> None:
    phone = texted.customer.phone
    assert sorted(
        run_together(2, lambda: automatic_replies(post_incoming_text(phone, NUMBER, "No")))
    ) == [
        [CANCELED],
        [CANCELED_BEFORE],
    ]
    assert IncomingText.objects.count() == 2


def test_of_two_unclear_replies_at_once_one_is_asked_about(texted: PickupRequest) -> None:
    phone = texted.customer.phone
    replies = run_together(
        4, lambda: automatic_replies(post_incoming_text(phone, NUMBER, "Not sure yet"))
    )
    assert sorted(map(len, replies)) == [0, 0, 0, 1]
    assert IncomingText.objects.filter(outcome="asked").count() == 1


def test_a_no_and_an_employee_at_once_cancel_a_pickup_once(texted: PickupRequest) -> None:
    """The first one cancels the pickup. The automatic reply says whether it was canceled."""
    replies: list[str] = []
    customer, phone = texted.customer, texted.customer.phone

    def no() -> None:
        replies.extend(automatic_replies(post_incoming_text(phone, NUMBER, "No")))

    run_at_once(
        customer, no, lambda: PickupRequest.objects.get(pk=texted.pk).cancel(via="Employee")
    )

    texted.refresh_from_db()
    assert (texted.canceled_via, replies) in [
        ("Text", [CANCELED]),
        ("Employee", [CANCELED_BEFORE]),
    ]


def test_stop_and_an_edit_at_once_both_count(texted: PickupRequest) -> None:
    phone, customer = texted.customer.phone, texted.customer
    run_at_once(
        customer,
        lambda: post_incoming_text(phone, NUMBER, "Stop"),
        lambda: Customer.objects.get().set_delivery_preference("Will Call"),
    )
    customer.refresh_from_db()
    assert (customer.receive_texts, customer.delivery_preference) == (False, "Will Call")


OPEN_TRANSACTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend'
AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@contextmanager
def observer_session() -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url(), autocommit=True) as session:
        yield session


def test_sending_holds_no_transaction_and_its_threads_no_connection(
    fifty_numbers: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run claims and records meanwhile, in transactions that end before a text is sent."""
    connected: list[bool] = []
    one_observes = Lock()

    class Observing:
        def send(self, text: TextToSend) -> SendResult:
            connected.append(any(one.connection for one in connections.all(initialized_only=True)))
            with one_observes, observer_session() as session:
                wait_until(
                    lambda: session.execute(OPEN_TRANSACTIONS).fetchone() == (0,),
                    "no transaction is open while this text is being sent",
                )
            return Sent()

    def observing() -> TextBackend:
        return Observing()

    monkeypatch.setattr("customers.texts.backends.new_backend", observing)
    assert nightly.run() == {"sent": 50}
    assert connected == [False] * 50
