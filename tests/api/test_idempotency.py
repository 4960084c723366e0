"""A POST with an Idempotency-Key is done once, whoever repeats it, when and how often."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from customers.models import Customer, Order
from smrt_integration.api.models import Answered
from tests.api.conftest import Caller

KEY = "order-7-of-till-3"


@pytest.mark.django_db
def test_a_repetition_is_answered_alike_and_done_once(pos: Caller, customer: Customer) -> None:
    body = {"customer": str(customer.uuid)}

    first, second = (pos.post("orders", body, Idempotency_Key=KEY) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(pos: Caller, customer: Customer) -> None:
    pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    answer = pos.post("orders", {"customer": str(customer.uuid), "bags": 2}, Idempotency_Key=KEY)

    assert answer.status_code == 400
    assert list(answer.json()) == ["Idempotency-Key"]
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_two_clients_have_nothing_to_do_with_each_other(pos: Caller, app: Caller, customer: Customer) -> None:
    pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)
    app.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY)

    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_what_was_refused_may_be_tried_again_with_the_same_key(pos: Caller, customer: Customer) -> None:
    assert pos.post("orders", {"customer": "nobody"}, Idempotency_Key=KEY).status_code == 400
    assert not Answered.objects.exists()

    assert pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key=KEY).status_code == 201


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
