"""The API from outside: over HTTP to the web server, by a worker to Segment; and with the server killed in the middle of it."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests import RequestException, Session

from customers.models import Business, Customer, Order
from events.models import Integration
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.factories import DepartmentFactory, EmployeeFactory, StopFactory
from tests.segment import SegmentStandIn
from tests.web import BOOTED_CHILD, Web
from tests.workers import Worker, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Till(Session):
    """A client somewhere else, with its key."""

    def __init__(self, web: Web, business: Business, client: Client = Client.POS) -> None:
        super().__init__()
        self.trust_env = False
        self.address = f"{web.url}/api/v1/"
        self.headers["Authorization"] = f"Bearer {ApiKey.issue(business, client, 'Till 1')[1]}"

    def ask(self, path: str, body: Any, **headers: str) -> Any:
        answer = self.post(self.address + path, json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()


def test_what_a_till_and_a_phone_tell_reaches_segment(
    web: Web,
    start_worker: Callable[..., Worker],
    segment: SegmentStandIn,
    customer: Customer,
    integration: Integration,
) -> None:
    start_worker()
    business = customer.business
    till, phone = Till(web, business), Till(web, business, Client.APP)
    driver, laundry = (
        EmployeeFactory.create(business=business, driver=True, name="Dan Driver"),
        DepartmentFactory.create(business=business),
    )
    shirt = {
        "description": "Shirt",
        "price": "4.50",
        "quantity": 2,
        "department": str(laundry.uuid),
    }

    ann = till.ask("customers", {"first_name": "Ann", "email": "ann@example.com"})
    order = till.ask("orders", {"customer": ann["id"], "items": [shirt]})
    till.ask(f"orders/{order['id']}/ready", {})
    stop = StopFactory.create(customer=Customer.objects.get(uuid=ann["id"]))
    phone.ask(
        f"stops/{stop.uuid}/complete",
        {"driver": str(driver.uuid), "delivered_orders": [order["id"]]},
    )

    events = [
        "New Customer Signup",
        "Customer Visit",
        "Order Created",
        "Order Ready",
        "Pickup Completed",
        "Order Returned",
    ]
    events.append("Order Line Item Returned")
    arrived = segment.wait_for(len(events) + 1, integration.write_key)
    tracks = {
        message["event"]: message
        for message in (arrival.message for arrival in arrived)
        if message["type"] == "track"
    }
    assert set(tracks) == set(events)
    assert {message["userId"] for message in tracks.values()} == {ann["id"]}
    assert tracks["New Customer Signup"]["properties"] == {"source": "POS"}
    assert tracks["Order Line Item Returned"]["properties"]["department"] == laundry.name
    assert tracks["Pickup Completed"]["properties"]["driver"] == "Dan Driver"


def test_a_server_that_is_killed_does_every_call_once(
    web: Web, customer: Customer, integration: Integration
) -> None:
    """Tills repeat what was not answered, with the same Idempotency-Key, and kill -9 comes at any moment."""
    business, orders, kills = customer.business, 120, 6
    secret = Till(web, business).headers["Authorization"]

    def one(number: int) -> str:
        till = Session()
        till.trust_env = False
        headers = {"Authorization": str(secret), "Idempotency-Key": f"order-{number}"}
        while True:
            try:
                answer = till.post(
                    f"{web.url}/api/v1/orders",
                    json={"customer": str(customer.uuid)},
                    headers=headers,
                    timeout=30,
                )
            except RequestException:
                continue
            if answer.status_code == 409 and "Retry-After" in answer.headers:
                continue
            assert answer.status_code == 201, answer.text
            return str(answer.json()["id"])

    with ThreadPoolExecutor(4) as tills:
        answered = [tills.submit(one, number) for number in range(orders)]
        for kill in range(1, kills + 1):
            wait_until(
                lambda kill=kill: (  # type: ignore[misc]
                    sum(a.done() for a in answered) >= kill * orders // (kills + 2)
                ),
                "some orders were taken in",
            )
            _kill_child(web)
        told = [answer.result() for answer in answered]

    assert len(set(told)) == orders
    assert {str(uuid) for uuid in Order.objects.values_list("uuid", flat=True)} == set(told)
    assert [one(number) for number in range(orders)] == told


def _kill_child(web: Web) -> None:
    children = BOOTED_CHILD.findall(web.printed)
    os.kill(int(children[-1]), signal.SIGKILL)
    wait_until(
        lambda: len(BOOTED_CHILD.findall(web.printed)) > len(children), "another child was there"
    )
