"""A POST with an Idempotency-Key is done once, however often it is repeated."""

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
from tests.api.conftest import Caller, errors, fields
from tests.workers import wait_until

KEY = "order-7-of-till-3"


@pytest.mark.django_db
def test_a_repetition_gets_the_same_response_and_is_done_once(
    pos: Caller, customer: Customer
) -> None:
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

    response = pos.post("orders", {"customer": str(customer.uuid), "bags": 2}, Idempotency_Key=KEY)

    assert response.status_code == 400
    assert fields(response) == ["Idempotency-Key"]
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_idempotency_keys_of_two_clients_are_independent(
    pos: Caller, app: Caller, customer: Customer
) -> None:
    pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    app.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_call_may_be_repeated_with_the_same_key(pos: Caller, customer: Customer) -> None:
    assert pos.post("orders", {"customer": "nobody"}, Idempotency_Key=KEY).status_code == 400
    assert not Answered.objects.exists()

    assert (
        pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY).status_code == 201
    )


@pytest.mark.django_db(transaction=True)
def test_ten_calls_at_once_create_one_order_and_get_the_same_response(
    pos: Caller, customer: Customer
) -> None:
    start = Barrier(10)

    def call(_: int) -> bytes:
        try:
            start.wait()
            response = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
            assert response.status_code == 201
            return bytes(response.content)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        responses = set(threads.map(call, range(10)))

    assert len(responses) == 1
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_repetition_of_a_slow_call_gets_a_409_with_retry_after(
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
            wait_until(another_session_waits_for_ours, "the first call was in progress")
            early = threads.submit(call).result(timeout=20)
            assert not first.done()
        done, late = first.result(timeout=20), call()

    assert (early.status_code, early.headers["Retry-After"]) == (409, "1")
    assert errors(early) == [
        (
            "under_way",
            None,
            "The first call with this key is still in progress. Try again shortly.",
        )
    ]
    assert (done.status_code, late.status_code, late.content) == (201, 201, done.content)
    assert Order.objects.count() == 1


def another_session_waits_for_ours() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks "
            "WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_the_work_of_a_call_has_the_usual_lock_timeout(pos: Caller, customer: Customer) -> None:
    lock_timeouts: list[str] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith('INSERT INTO "customers_order"'):
            lock_timeouts.extend(
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

    assert lock_timeouts == ["7s"] != [CLAIM_LOCK_TIMEOUT]


@pytest.mark.django_db(transaction=True)
def test_a_call_is_done_again_if_its_response_is_deleted_at_that_moment(
    pos: Caller, customer: Customer
) -> None:
    first = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    deleted: list[int] = []

    def delete() -> int:
        try:
            return delete_old_responses(timezone.now() + RESPONSE_RETENTION + timedelta(seconds=1))
        finally:
            connection.close()

    def delete_between(
        execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        result = execute(sql, params, many, context)
        if sql == CLAIM_IDEMPOTENCY_KEY and not deleted:
            with ThreadPoolExecutor(1) as other:
                deleted.append(other.submit(delete).result(timeout=20))
        return result

    with connection.execute_wrapper(delete_between):
        second = pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    assert (deleted, first.status_code, second.status_code, Order.objects.count()) == (
        [1],
        201,
        201,
        2,
    )
