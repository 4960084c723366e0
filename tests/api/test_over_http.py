"""The API over real HTTP, from a client to Segment, also with the web server killed."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests import RequestException, Session

from customers.models import Business, Customer, LineItem, Order
from events.models import Integration
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.factories import DepartmentFactory, EmployeeFactory, StopFactory
from tests.segment import SegmentStandIn
from tests.web import BOOTED_CHILD, Web
from tests.workers import Worker, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Till(Session):
    """A client over HTTP with its own key."""

    def __init__(self, web: Web, business: Business, client: Client = Client.POS) -> None:
        super().__init__()
        self.trust_env = False
        self.base_url = f"{web.url}/api/v1/"
        self.headers["Authorization"] = f"Bearer {ApiKey.issue(business, client, 'Till 1')[1]}"

    def call(self, path: str, body: Any, **headers: str) -> Any:
        response = self.post(self.base_url + path, json=body, headers=headers, timeout=30)
        assert response.ok, response.text
        return response.json()


def test_calls_of_a_till_and_a_phone_reach_segment(
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

    ann = till.call("customers", {"first_name": "Ann", "email": "ann@example.com"})
    order = till.call("orders", {"customer": ann["id"], "items": [shirt]})
    till.call(f"orders/{order['id']}/ready", {})
    stop = StopFactory.create(customer=Customer.objects.get(uuid=ann["id"]))
    phone.call(
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


class Persistent:
    """A till that repeats each call, with its Idempotency-Key, until it gets a response."""

    def __init__(self, web: Web, customer: Customer) -> None:
        self.web, self.customer = web, customer
        self.secret = str(Till(web, customer.business).headers["Authorization"])

    def call(self, method: str, path: str, key: str, body: Any = None, **headers: str) -> Any:
        headers |= {"Authorization": self.secret, "Idempotency-Key": key}
        url = f"{self.web.url}/api/v1/{path}"
        while True:
            try:
                with Session() as http:
                    http.trust_env = False
                    response = http.request(method, url, json=body, headers=headers, timeout=30)
            except RequestException:
                continue
            if response.status_code not in {409, 429} or "Retry-After" not in response.headers:
                assert response.ok, response.text
                return response

    def life_of_order(self, number: int) -> str:
        """Create an order, change it and remove an item of it. Returns the order's id."""
        item = {"description": "Shirt", "price": "5.00", "quantity": 1, "department": None}
        body = {"customer": str(self.customer.uuid), "items": [item, item]}
        created = self.call("POST", "orders", f"create-{number}", body)
        order = created.json()
        etag = {"If-Match": created.headers["ETag"]}
        path = f"orders/{order['id']}"
        changed = self.call("PATCH", path, f"change-{number}", {"bags": 3}, **etag)
        assert changed.json()["bags"] == 3
        self.call("DELETE", f"{path}/items/{order['items'][0]['id']}", f"remove-{number}")
        return str(order["id"])


def test_a_killed_server_does_every_call_once(
    web: Web, customer: Customer, integration: Integration
) -> None:
    """Clients repeat calls without a response, with the same Idempotency-Key, during kill -9.

    Done twice, a PATCH would find another ETag than its own, and a DELETE nothing.
    """
    orders, kills = 60, 6
    till = Persistent(web, customer)
    with ThreadPoolExecutor(4) as tills:
        futures = [tills.submit(till.life_of_order, number) for number in range(orders)]
        for kill in range(1, kills + 1):
            wait_until(
                lambda kill=kill: (  # type: ignore[misc]
                    sum(future.done() for future in futures) >= kill * orders // (kills + 2)
                ),
                "some orders were created",
            )
            _kill_child(web)
        ids = [future.result() for future in futures]

    assert len(set(ids)) == orders
    assert {str(uuid) for uuid in Order.objects.values_list("uuid", flat=True)} == set(ids)
    assert LineItem.objects.count() == orders
    assert [till.life_of_order(number) for number in range(orders)] == ids


def _kill_child(web: Web) -> None:
    children = BOOTED_CHILD.findall(web.printed)
    os.kill(int(children[-1]), signal.SIGKILL)
    wait_until(
        lambda: len(BOOTED_CHILD.findall(web.printed)) > len(children), "another child had started"
    )
