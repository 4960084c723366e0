"""What the API takes: orders with five items each, by clients with connections of their own, as fast as they are answered; with an
Idempotency-Key, as tills send them, and without."""

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
# As the image starts it: gunicorn.conf.py says how many processes and threads.
SERVER = ("gunicorn", "smrt_integration.wsgi")


@dataclass(frozen=True, slots=True)
class Call:
    """The next order of one customer, with the key of their business."""

    secret: str
    body: dict[str, Any]


class Web(Program):
    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        super().__init__(*SERVER, "--bind", f"127.0.0.1:{self.port}")
        wait_until(self._answers, "the web server answered")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def measure_orders(sizes: Sizes) -> Iterator[Figure]:
    """Creating an order with five items, over HTTP."""
    fill.create_businesses(sizes.api_businesses, 10, 0)
    fill.empty_outbox_and_log(known=True)
    calls = _calls()
    web = Web()
    with running(web):
        asyncio.run(_call(web.port, calls, 2.0, keyed=True))
        for name, keyed in (("api_orders", True), ("api_orders_without_key", False)):
            yield from _measured(name, web.port, calls, sizes.api_seconds, keyed=keyed)


def _measured(
    name: str, port: int, calls: list[Call], seconds: float, *, keyed: bool
) -> Iterator[Figure]:
    fill.empty_outbox_and_log(known=True)
    started = time.monotonic()
    taken = asyncio.run(_call(port, calls, seconds, keyed=keyed))
    elapsed = time.monotonic() - started
    hundredths = quantiles(taken, n=100)
    progress(f"{len(taken)} orders in {elapsed:.1f} s")
    extra = {
        "orders": len(taken),
        "clients": CLIENTS,
        "items": ITEMS,
        "p50_ms": rounded(hundredths[49]),
        "recorded": _recorded(),
    }
    yield Figure(f"{name}_per_s", len(taken) / elapsed, "requests/s", extra)
    yield Figure(f"{name}_p99_ms", hundredths[98], "ms", extra)


def _calls() -> list[Call]:
    found = []
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
        found += [
            Call(secret, {"customer": str(customer.uuid), "items": items, "tax_rate": "8.5"})
            for customer in Customer.objects.filter(business=business)
        ]
    return found


def _recorded() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_outgoing WHERE event = 'Order Created'")
        return int(cursor.fetchone()[0])


async def _call(port: int, calls: list[Call], seconds: float, *, keyed: bool) -> list[float]:
    """Milliseconds of every answer."""
    turn, until = itertools.cycle(calls), time.monotonic() + seconds
    host = {"Host": "smrt.example.com", "X-Forwarded-Proto": "https"}
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}", headers=host, trust_env=False
    ) as http:
        taken = await asyncio.gather(
            *(_client(http, turn, until, keyed=keyed) for _ in range(CLIENTS))
        )
    return [milliseconds for client in taken for milliseconds in client]


async def _client(
    http: aiohttp.ClientSession, turn: Iterator[Call], until: float, *, keyed: bool
) -> list[float]:
    taken = []
    while time.monotonic() < until:
        call, started = next(turn), time.perf_counter()
        headers = {"Authorization": f"Bearer {call.secret}"} | (
            {"Idempotency-Key": uuid4().hex} if keyed else {}
        )
        async with http.post("/api/v1/orders", json=call.body, headers=headers) as answer:
            said = await answer.text()
        if answer.status != 201:
            raise RuntimeError(f"An order was answered {answer.status}: {said}")
        taken.append(1_000 * (time.perf_counter() - started))
    return taken
