"""How many orders the API accepts, with an Idempotency-Key, as a POS sends them, and without.

Each order has five items. Each client has its own connection and calls again as soon as it has
a response.
"""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import quantiles
from typing import Any
from uuid import uuid4

import aiohttp
from django.db import connection

from bench import fill
from bench.figures import Figure, progress, rounded
from bench.programs import Program, running, wait_until
from bench.sizes import Sizes
from customers.models import Business, Customer, Department
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client

CLIENTS = 8
ITEMS = 5
# As the Docker image starts it; gunicorn.conf.py sets the number of processes and threads.
SERVER = ("gunicorn", "smrt_integration.wsgi")

# As the proxy sends them on.
HEADERS = {"Host": "smrt.example.com", "X-Forwarded-Proto": "https"}


@dataclass(frozen=True, slots=True)
class Call:
    """One order of a customer, and their business's API key."""

    secret: str
    body: dict[str, Any]


class Web(Program):
    """The web server, on a free port."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        super().__init__(*SERVER, "--bind", f"127.0.0.1:{self.port}")
        wait_until(self._is_listening, "the web server listens")

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def measure_orders(sizes: Sizes) -> Iterator[Figure]:
    """Measure how many orders a second are created over HTTP, and how long each takes."""
    fill.create_businesses(sizes.api_businesses, 10, 0)
    fill.empty_outbox_and_log(identified=True)
    calls = _make_calls()
    web = Web()
    with running(web):
        asyncio.run(_run_clients(web.port, calls, 2.0, keyed=True))
        for name, keyed in (("api_orders", True), ("api_orders_without_key", False)):
            yield from _measure(name, web.port, calls, sizes.api_seconds, keyed=keyed)


def _measure(
    name: str, port: int, calls: list[Call], seconds: float, *, keyed: bool
) -> Iterator[Figure]:
    fill.empty_outbox_and_log(identified=True)
    started = time.monotonic()
    milliseconds = asyncio.run(_run_clients(port, calls, seconds, keyed=keyed))
    elapsed = time.monotonic() - started
    percentiles = quantiles(milliseconds, n=100)
    progress(f"{len(milliseconds)} orders in {elapsed:.1f} s")
    extra = {
        "orders": len(milliseconds),
        "clients": CLIENTS,
        "items": ITEMS,
        "p50_ms": rounded(percentiles[49]),
        "recorded": _count_recorded(),
    }
    yield Figure(f"{name}_per_s", len(milliseconds) / elapsed, "requests/s", extra)
    yield Figure(f"{name}_p99_ms", percentiles[98], "ms", extra)


def _make_calls() -> list[Call]:
    by_business = []
    for business in Business.objects.all():
        _, secret = ApiKey.issue(business, Client.POS, "Till")
        department = Department.objects.get_or_create(business=business, name="Dry cleaning")[0]
        items = [
            {
                "description": f"Shirt {n}",
                "price": "4.50",
                "quantity": n,
                "department": str(department.uuid),
            }
            for n in range(1, ITEMS + 1)
        ]
        by_business.append(
            [
                Call(secret, {"customer": str(customer.uuid), "items": items, "tax_rate": "8.5"})
                for customer in Customer.objects.filter(business=business)
            ]
        )
    # The businesses alternate: a web process handles few calls of one business at a time.
    return [call for calls in zip(*by_business, strict=True) for call in calls]


def _count_recorded() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_outgoing WHERE event = 'Order Created'")
        return int(cursor.fetchone()[0])


async def _run_clients(port: int, calls: list[Call], seconds: float, *, keyed: bool) -> list[float]:
    """Call until the seconds are over. Returns the milliseconds of each call."""
    next_calls, until = itertools.cycle(calls), time.monotonic() + seconds
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}", headers=HEADERS, trust_env=False
    ) as http:
        clients = await asyncio.gather(
            *(_run_client(http, next_calls, until, keyed=keyed) for _ in range(CLIENTS))
        )
    return [milliseconds for client in clients for milliseconds in client]


async def _run_client(
    http: aiohttp.ClientSession, next_calls: Iterator[Call], until: float, *, keyed: bool
) -> list[float]:
    milliseconds = []
    while time.monotonic() < until:
        call, started = next(next_calls), time.perf_counter()
        headers = {"Authorization": f"Bearer {call.secret}"} | (
            {"Idempotency-Key": uuid4().hex} if keyed else {}
        )
        async with http.post("/api/v1/orders", json=call.body, headers=headers) as response:
            text = await response.text()
        if response.status != 201:
            raise RuntimeError(f"The API answered an order with {response.status}: {text}")
        milliseconds.append(1_000 * (time.perf_counter() - started))
    return milliseconds
