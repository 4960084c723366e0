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


def test_a_killed_server_does_every_call_once(
    web: Web, customer: Customer, integration: Integration
) -> None:
    """Clients repeat calls without a response, with the same Idempotency-Key, during kill -9.

    Done twice, a PATCH would find another ETag than its own, and a DELETE nothing.
    """
    orders, kills = 60, 6
    secret = str(Till(web, customer.business).headers["Authorization"])

    def call(method: str, path: str, key: str, **options: Any) -> Any:
        headers = {"Authorization": secret, "Idempotency-Key": key, **options.pop("headers", {})}
        while True:
            try:
                with Session() as till:
                    till.trust_env = False
                    response = till.request(
                        method,
                        f"{web.url}/api/v1/{path}",
                        headers=headers,
                        timeout=30,
                        **options,
                    )
            except RequestException:
                continue
            if not (response.status_code == 409 and "Retry-After" in response.headers):
                return response

    def life_of(number: int) -> str:
        """Create an order, change it and delete its item. Returns the order's id."""
        item = {"description": "Shirt", "price": "5.00", "quantity": 1, "department": None}
        body = {"customer": str(customer.uuid), "items": [item, item]}
        created = call("POST", "orders", f"create-{number}", json=body)
        assert created.status_code == 201, created.text
        path = f"orders/{created.json()['id']}"
        changed = call(
            "PATCH",
            path,
            f"change-{number}",
            json={"bags": 3},
            headers={"If-Match": created.headers["ETag"]},
        )
        assert (changed.status_code, changed.json()["bags"]) == (200, 3), changed.text
        deleted = call(
            "DELETE", f"{path}/items/{created.json()['items'][0]['id']}", f"delete-{number}"
        )
        assert deleted.status_code in {200, 204}, deleted.text
        return str(created.json()["id"])

    with ThreadPoolExecutor(4) as tills:
        futures = [tills.submit(life_of, number) for number in range(orders)]
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
    assert [life_of(number) for number in range(orders)] == ids


def _kill_child(web: Web) -> None:
    children = BOOTED_CHILD.findall(web.printed)
    os.kill(int(children[-1]), signal.SIGKILL)
    wait_until(
        lambda: len(BOOTED_CHILD.findall(web.printed)) > len(children), "another child had started"
    )
