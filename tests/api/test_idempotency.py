"""A POST with an Idempotency-Key is done once, whoever repeats it, when and how often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer, Order
from smrt_integration.api.idempotency import (
    CLAIM_IDEMPOTENCY_KEY,
    CLAIM_LOCK_TIMEOUT,
    RESPONSE_RETENTION,
    delete_old_responses,
)
from smrt_integration.api.models import Answered
from tests.api.conftest import Caller
from tests.workers import wait_until

KEY = "order-7-of-till-3"


@pytest.mark.django_db
def test_a_repetition_is_answered_alike_and_done_once(pos: Caller, customer: Customer) -> None:
    body = {"customer": str(customer.uuid)}

    first, second = (pos.post("orders", body, Idempotency_Key=KEY) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (
        False,
        "true",
    )
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(pos: Caller, customer: Customer) -> None:
    pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    answer = pos.post("orders", {"customer": str(customer.uuid), "bags": 2}, Idempotency_Key=KEY)

    assert answer.status_code == 400
    assert list(answer.json()) == ["Idempotency-Key"]
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_two_clients_have_nothing_to_do_with_each_other(
    pos: Caller, app: Caller, customer: Customer
) -> None:
    pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    app.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_what_was_refused_may_be_tried_again_with_the_same_key(
    pos: Caller, customer: Customer
) -> None:
    assert pos.post("orders", {"customer": "nobody"}, Idempotency_Key=KEY).status_code == 400
    assert not Answered.objects.exists()

    assert (
        pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY).status_code == 201
    )


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_make_one_order_and_are_answered_alike(pos: Caller, customer: Customer) -> None:
    start = Barrier(10)

    def call(_: int) -> bytes:
        try:
            start.wait()
            answer = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
            assert answer.status_code == 201
            return bytes(answer.content)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        answers = set(threads.map(call, range(10)))

    assert len(answers) == 1
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_repeats_a_call_that_takes_long_is_told_to_ask_again(
    pos: Caller, customer: Customer
) -> None:
    def call() -> Any:
        try:
            return pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=customer.pk)
            first = threads.submit(call)
            wait_until(somebody_waits_for_us, "the first call was under way")
            early = threads.submit(call).result(timeout=20)
            assert not first.done()
        done, late = first.result(timeout=20), call()

    assert (early.status_code, early.headers["Retry-After"]) == (409, "1")
    assert early.json() == {
        "detail": "The first call with this key is still in progress. Try again shortly.",
        "code": "under_way",
    }
    assert (done.status_code, late.status_code, late.content) == (201, 201, done.content)
    assert Order.objects.count() == 1


def somebody_waits_for_us() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_what_is_done_for_a_call_waits_for_locks_as_long_as_anything(
    pos: Caller, customer: Customer
) -> None:
    patience: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith('INSERT INTO "customers_order"'):
            patience.extend(
                context["connection"].connection.execute("SHOW lock_timeout").fetchone()
            )
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '7s'")
    try:
        with connection.execute_wrapper(look):
            pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    finally:
        connection.close()

    assert patience == ["7s"] != [CLAIM_LOCK_TIMEOUT]


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_forgotten_just_as_it_is_asked_for_is_given_anew(
    pos: Caller, customer: Customer
) -> None:
    first = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    forgotten: list[int] = []

    def forget() -> int:
        try:
            return delete_old_responses(timezone.now() + RESPONSE_RETENTION + timedelta(seconds=1))
        finally:
            connection.close()

    def forget_between(
        execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        result = execute(sql, params, many, context)
        if sql == CLAIM_IDEMPOTENCY_KEY and not forgotten:
            with ThreadPoolExecutor(1) as other:
                forgotten.append(other.submit(forget).result(timeout=20))
        return result

    with connection.execute_wrapper(forget_between):
        second = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    assert (forgotten, first.status_code, second.status_code, Order.objects.count()) == (
        [1],
        201,
        201,
        2,
    )
