"""docs/connecting-a-pos.md: each command works as pasted and does what the page says."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from customers.models import Business, Customer
from events.models import Integration
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.api.conftest import Caller
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.web import Web
from tests.workers import Worker

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "connecting-a-pos.md").read_text()
EVENTS = {
    "New Customer Signup": 1,
    "Customer Visit": 1,
    "Order Created": 3,
    "Order Ready": 1,
    "Order Line Item Returned": 3,
    "Order Returned": 1,
    "Pickup Scheduled": 1,
    "Pickup Completed": 2,
    "Pickup Missed": 1,
}
"""The events that Segment gets. An employee's cancellation is not an event."""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_every_command_works_as_pasted(
    web: Web,
    start_worker: Callable[..., Worker],
    segment: SegmentStandIn,
    business: Business,
    integration: Integration,
) -> None:
    start_worker()
    commands = "\n".join(re.findall(r"^```bash\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
    key = ApiKey.issue(business, Client.POS, "Till 1")[1]
    environment = {
        "SMRT": f"{web.url}/api/v1",
        "KEY": key,
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "no_proxy": "*",
    }

    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-2_000:] + result.stderr[-2_000:]
    arrived = segment.wait_for(sum(EVENTS.values()) + 1, integration.write_key)
    tracks = [arrival.message["event"] for arrival in arrived if arrival.message["type"] == "track"]
    assert {event: tracks.count(event) for event in tracks} == EVENTS


def test_the_sdk_example_sends_to_the_stand_in(segment: SegmentStandIn) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    program = example.replace("http://127.0.0.1:8010", segment.url)

    subprocess.run([sys.executable, "-c", program], env={"no_proxy": "*"}, timeout=60, check=True)

    arrivals = segment.wait_for(2, "a-write-key-to-experiment-with")
    assert [arrival.message["type"] for arrival in arrivals] == ["identify", "track"]


@pytest.mark.django_db
def test_the_page_shows_the_errors_as_they_are_returned(pos: Caller, customer: Customer) -> None:
    phone, conflict = (json.loads(body) for body in re.findall(r"`(\{\"errors\": .*?\]\})`", PAGE))
    order = OrderFactory.create(customer=customer, number="A17", status="returned")

    assert pos.post("customers", {"phone": "12"}).json() == phone
    assert pos.post(f"orders/{order.uuid}/ready").json() == conflict


def test_every_path_in_the_text_exists(db: None, pos: Caller) -> None:
    paths = re.findall(r"`(POST|GET) ([a-z-]+/?[{}a-z_/-]*)`", PAGE)
    assert len(paths) == 2
    for method, path in paths:
        response = (
            pos.post(path.replace("{message_id}", "0" * 32)) if method == "POST" else pos.get(path)
        )
        assert response.status_code in {200, 400, 404}, path
        assert "Unknown path" not in response.content.decode(), path
