"""One business's requests cannot take all threads of the web server."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from redis import Redis

from customers import rate_limit, turns
from customers.large_turns import LargeTurn, give_back_large_turn, take_large_turn
from customers.models import Business, Customer
from customers.turns import bounds_for, in_progress
from devtools.services.redis import RedisServer
from tests.account.conftest import Visitor
from tests.api.conftest import Caller, errors, web
from tests.events.other_connections import uncommitted
from tests.factories import CustomerFactory
from tests.neighbours.test_timeouts import lock
from tests.web import Web
from tests.workers import wait_until

__all__ = ["web"]


def post_order(web: Web, caller: Caller, customer: Customer) -> requests.Response:
    return requests.post(
        f"{web.url}/api/v1/orders",
        json={"customer": str(customer.uuid)},
        headers={"Authorization": f"Bearer {caller.secret}"},
        timeout=20,
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_calls_that_wait_for_a_locked_row_leave_threads_to_other_businesses(
    web: Web, pos: Caller, customer: Customer, other: Caller, other_business: Business
) -> None:
    neighbour = CustomerFactory.create(business=other_business)
    with ThreadPoolExecutor(12) as tills:
        with uncommitted(lock(customer)):
            waiting = [tills.submit(post_order, web, pos, customer) for _ in range(12)]
            while not any(call.done() for call in waiting):
                time.sleep(0.01)
            started = time.monotonic()
            assert post_order(web, other, neighbour).status_code == 201
            assert time.monotonic() - started < 2
            responses = [call.result() for call in waiting]
        # every turn was given back
        again = list(tills.map(lambda _: post_order(web, pos, customer), range(4)))

    refused = [response for response in responses if response.status_code == 429]
    ended = [response for response in responses if response.status_code == 503]
    assert (len(refused), len(ended)) == (10, 2)
    assert {response.headers["Retry-After"] for response in refused} == {"1"}
    assert errors(refused[0]) == [
        (
            "throttled",
            None,
            (
                "Too many calls of your business are in progress. Make fewer at a time. "
                "Expected available in 1 second."
            ),
        )
    ]
    assert [response.status_code for response in again] == [201] * 4


@pytest.fixture
def _two_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_progress, "bounds", bounds_for(2))
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.01)


@pytest.fixture
def busy(business: Business, _two_threads: None) -> list[str]:
    """A request of the business is in progress."""
    return in_progress.enter(f"business {business.pk}", None, large=False)


@pytest.mark.django_db
def test_api_and_pages_of_a_business_share_its_turns(
    pos: Caller, other: Caller, owner: User, customer: Customer, business: Business, busy: list[str]
) -> None:
    admin, visitor = Client(), Visitor()
    admin.force_login(owner)

    def visit() -> list[Any]:
        return [
            pos.get("orders"),
            admin.get("/admin/"),
            visitor.http.get("/account/"),
            visitor.http.get(f"/join/{business.uuid}"),
        ]

    visitor.log_in(customer)
    refused = visit()
    assert other.get("orders").status_code == 200
    in_progress.leave(busy)
    served = visit()

    assert [(page.status_code, page.headers["Retry-After"]) for page in refused] == [(429, "1")] * 4
    for page in refused[1:]:
        assert "Please try again in a few seconds" in page.content.decode()
    assert [page.status_code for page in served] == [200] * 4


@pytest.mark.django_db
@pytest.mark.usefixtures("_two_threads")
def test_large_lists_leave_turns_to_the_tills_of_the_same_business(
    pos: Caller, business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_progress, "bounds", bounds_for(8))
    names = in_progress.enter(f"business {business.pk}", f"key {pos.key.pk}", large=True)
    assert pos.get("orders", limit=200).status_code == 429
    assert pos.get("orders").status_code == 200
    in_progress.leave(names)
    assert pos.get("orders", limit=200).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("_two_threads")
def test_large_lists_of_a_business_are_read_one_at_a_time_over_all_processes(
    pos: Caller,
    other: Caller,
    business: Business,
    settings: LazySettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"business {business.pk}"
    in_another_process = take_large_turn(name, 0)
    assert in_another_process
    assert take_large_turn(name, 0) is None

    assert pos.get("orders", limit=200).status_code == 429
    assert other.get("orders", limit=200).status_code == 200
    give_back_large_turn(name, LargeTurn("of an expired turn", 0.0))
    assert pos.get("orders", limit=200).status_code == 429
    give_back_large_turn(name, in_another_process)
    # after a rest, during which others have their turns
    monkeypatch.setattr(turns, "WAIT_SECONDS", 2.0)
    assert [pos.get("orders", limit=200).status_code for _ in range(2)] == [200, 200]
    keys = Redis.from_url(settings.REDIS_URL)
    assert [keys.pttl(key) <= 1_000 for key in keys.keys("smrt:large:*")] in ([], [True])


def test_a_turn_that_redis_set_too_late_is_given_back(
    settings: LazySettings, tmp_path: Path
) -> None:
    """Otherwise the business's large requests would be refused for a quarter of a minute."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    try:
        settings.REDIS_URL = server.url
        earlier = take_large_turn("business 1", 0)
        assert earlier
        give_back_large_turn("business 1", earlier)

        os.kill(server.pid, signal.SIGSTOP)
        turn = take_large_turn("business 2", 0)
        assert turn, "while Redis is away nobody waits"
        os.kill(server.pid, signal.SIGCONT)
        with Redis.from_url(server.url) as keys:
            wait_until(lambda: keys.exists("smrt:large:business 2"), "Redis sets the key late")
        give_back_large_turn("business 2", turn)
        # The seconds after a failure have passed.
        rate_limit._retry_at = 0.0

        assert take_large_turn("business 2", turns.WAIT_SECONDS)
    finally:
        server.kill()


@pytest.mark.django_db
@pytest.mark.usefixtures("_two_threads")
def test_without_redis_nobody_waits_for_a_turn(pos: Caller, settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    assert [pos.get("orders", limit=200).status_code for _ in range(2)] == [200, 200]


@pytest.mark.usefixtures("_two_threads")
def test_a_key_leaves_a_turn_to_other_keys_of_its_business() -> None:
    requests_of = turns.InProgress()
    requests_of.bounds = bounds_for(8)
    for _ in range(2):
        requests_of.enter("business 1", "key 1", large=False)
    with pytest.raises(turns.TooManyInProgress):
        requests_of.enter("business 1", "key 1", large=False)
    names = requests_of.enter("business 1", "key 2", large=False)
    with pytest.raises(turns.TooManyInProgress):
        requests_of.enter("business 1", "key 3", large=False)
    requests_of.leave(names)
    requests_of.enter("business 1", "key 3", large=False)
