"""docs/connecting-a-pos.md: every command on it does what the page says, pasted one after the other."""

import json
import re
import subprocess
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
"""What the page's commands come to at Segment; an employee's cancellation is no event."""


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

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    arrived = segment.wait_for(sum(EVENTS.values()) + 1, integration.write_key)
    tracks = [arrival.message["event"] for arrival in arrived if arrival.message["type"] == "track"]
    assert {event: tracks.count(event) for event in tracks} == EVENTS


@pytest.mark.django_db
def test_the_errors_that_it_shows_are_those_that_are_answered(
    pos: Caller, customer: Customer
) -> None:
    phone, conflict = (
        json.loads(found) for found in re.findall(r"`(\{\"(?:phone|detail)\".*?\})`", PAGE)
    )
    order = OrderFactory.create(customer=customer, number="A17", status="returned")

    assert pos.post("customers", {"phone": "12"}).json() == phone
    assert pos.post(f"orders/{order.uuid}/ready").json() == conflict


def test_every_path_that_it_names_exists(db: None, pos: Caller) -> None:
    """Also those in the text."""
    named = re.findall(r"`(POST|GET) ([a-z-]+/?[{}a-z_/-]*)`", PAGE)
    assert len(named) == 2
    for method, path in named:
        answer = (
            pos.post(path.replace("{message_id}", "0" * 32)) if method == "POST" else pos.get(path)
        )
        assert answer.status_code in {200, 400, 404}, path
        assert "Unknown path" not in answer.content.decode(), path
