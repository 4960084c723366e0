"""A POST with an Idempotency-Key is done once, however often it is repeated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Customer, Order
from smrt_integration.api.fields import MAX_EVENT_AGE
from smrt_integration.api.idempotency import (
    CLAIM_IDEMPOTENCY_KEY,
    CLAIM_LOCK_TIMEOUT,
    RESPONSE_RETENTION,
    delete_old_responses,
)
from smrt_integration.api.models import Answered, ApiKey
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


def post_order(caller: Caller, customer: Customer, key: str, **body: Any) -> Any:
    return caller.post("orders", {"customer": str(customer.uuid), **body}, Idempotency_Key=key)


@pytest.mark.django_db
def test_a_response_is_kept_as_long_as_a_call_may_state_its_time(
    pos: Caller, customer: Customer
) -> None:
    first = post_order(pos, customer, KEY)
    stored = Answered.objects.get()

    assert delete_old_responses(stored.at + MAX_EVENT_AGE - timedelta(seconds=1)) == 0
    assert post_order(pos, customer, KEY).content == first.content
    assert delete_old_responses(stored.at + MAX_EVENT_AGE + timedelta(seconds=1)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("abc", '"abc"'),
        ('"abc"', "abc"),
        ('a"c', r'"a\"c"'),
        (r"a\c", r'"a\\c"'),
        ("a b", '"a b"'),
    ],
)
def test_a_quoted_key_is_the_same_as_without_quotes(
    pos: Caller, customer: Customer, first: str, second: str
) -> None:
    responses = {post_order(pos, customer, key).content for key in (first, second)}

    assert (len(responses), Order.objects.count()) == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "key", ["", '""', '"', '"abc', '"a"c"', r'"a\c"', "é", "a\tb", "k" * 256, f'"{"k" * 256}"']
)
def test_a_key_that_cannot_be_read_is_refused(pos: Caller, customer: Customer, key: str) -> None:
    response = post_order(pos, customer, key)

    assert (response.status_code, fields(response)) == (400, ["Idempotency-Key"])
    assert not Order.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        '{"customer": "ID", "bags": 1.0, "number": "\u00e9"}',
        '{"bags": 1e0, "customer": "ID", "number": "\\u00e9"}',
        ' {"number":"\u00e9","customer":"ID","bags":10e-1}\n',
        '{"bags": 2, "customer": "ID", "number": "\u00e9", "bags": 1}',
    ],
)
def test_a_body_with_the_same_values_is_the_same(
    pos: Caller, customer: Customer, body: str
) -> None:
    first = post_order(pos, customer, KEY, bags=1, number="\u00e9")
    second = pos("post", "orders", body.replace("ID", str(customer.uuid)), Idempotency_Key=KEY)

    assert (first.status_code, second.status_code) == (201, 201), second.content
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("bags", [2, 1.5, "1", True])
def test_a_body_with_another_value_is_another(pos: Caller, customer: Customer, bags: Any) -> None:
    post_order(pos, customer, KEY, bags=1)

    assert errors(post_order(pos, customer, KEY, bags=bags))[0].code == "key_reused"


@pytest.mark.django_db
def test_a_repeated_patch_changes_nothing_that_came_between(
    pos: Caller, customer: Customer
) -> None:
    path = f"customers/{customer.uuid}"
    first = pos("patch", path, {"first_name": "Anna"}, Idempotency_Key=KEY)
    pos.patch(path, {"first_name": "Anne"})
    second = pos("patch", path, {"first_name": "Anna"}, Idempotency_Key=KEY)

    assert (first.status_code, second.status_code) == (200, 200)
    assert second.content == first.content
    assert pos.get(path).json()["first_name"] == "Anne"
    assert errors(pos("patch", path, {"first_name": "Bo"}, Idempotency_Key=KEY))[0].code == (
        "key_reused"
    )


@pytest.mark.django_db
def test_a_repeated_delete_gets_the_stored_response(pos: Caller, customer: Customer) -> None:
    item = {"department": None, "description": "Shirt", "quantity": 1, "price": "3.50"}
    order = post_order(pos, customer, KEY, items=[item, item]).json()
    path = f"orders/{order['id']}/items/{order['items'][0]['id']}"

    first, second = (pos("delete", path, Idempotency_Key="delete-1") for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200), first.content
    assert second.content == first.content
    assert pos("delete", path, Idempotency_Key="delete-2").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_ten_deletes_at_once_are_one(pos: Caller, customer: Customer) -> None:
    item = {"department": None, "description": "Shirt", "quantity": 1, "price": "3.50"}
    order = post_order(pos, customer, KEY, items=[item, item]).json()
    path = f"orders/{order['id']}/items/{order['items'][0]['id']}"
    start = Barrier(10)

    def call(_: int) -> tuple[int, bytes]:
        try:
            start.wait()
            response = pos("delete", path, Idempotency_Key="delete-1")
            return response.status_code, bytes(response.content)
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        responses = set(threads.map(call, range(10)))

    assert [status for status, _ in responses] == [200]


@pytest.mark.django_db
def test_a_new_key_of_the_same_caller_knows_the_old_responses(
    pos: Caller, customer: Customer
) -> None:
    first = post_order(pos, customer, KEY)
    _, pos.secret = ApiKey.issue(customer.business, "app", "Rotated", caller=pos.key.caller)

    assert post_order(pos, customer, KEY).content == first.content
    _, pos.secret = ApiKey.issue(customer.business, "pos", "Another till")
    assert post_order(pos, customer, KEY).content != first.content


@pytest.mark.django_db
def test_what_the_release_before_stored_is_known(pos: Caller, customer: Customer) -> None:
    """It creates keys and stores responses without a caller, also during an update."""
    first = post_order(pos, customer, KEY)
    Answered.objects.update(caller=None)
    ApiKey.objects.update(caller=None)

    assert post_order(pos, customer, KEY).content == first.content
    assert post_order(pos, customer, "another").content != first.content
    assert Order.objects.count() == 2
