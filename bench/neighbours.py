"""How long the orders of some businesses take while another business is in trouble.

The web server runs as the Docker image starts it. A till of each of several businesses orders at a
steady pace: first alone, then beside each situation that another business brings about.
"""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from statistics import quantiles
from typing import Any, Final
from uuid import uuid4

import aiohttp
import psycopg
from django.utils import timezone

from bench import fill_send_log
from bench.api import HEADERS, Web
from bench.figures import Figure, rounded
from bench.programs import running
from bench.sizes import Sizes
from customers.models import Business, Customer, Department, LineItem, Order
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client

TILLS: Final = 8
"""Each belongs to a business of its own."""
WARM_UP_CALLS: Final = 48
"""At the same time, so that every thread of the web server has its connection to PostgreSQL."""
ORDERS_PER_SECOND: Final = 2
"""Of each till, so that the web server is far from busy in the quiet run."""
TROUBLED_CONNECTIONS: Final = 6
"""As many as two cores had threads for before there was a bound."""
TROUBLED: Final = 1
"""The id of the business with nine tenths of the send log."""
LARGEST_PAGE, ITEMS_TO_REPORT = 200, 20
LARGEST_REPORTS: Final = ("/api/v1/orders?limit=200", "/api/v1/send-log-entries?limit=200")
TURN_SECONDS: Final = 4.0
"""The situations take turns, so that other load on the machine affects all of them."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=30)

Statuses = Counter[int | str]


class Till:
    """A client of the API. It repeats a call that was put off, as long as Retry-After says."""

    def __init__(self, business: Business) -> None:
        self.order = _order(business)
        secret = ApiKey.issue(business, Client.POS, "Till")[1]
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def call(
        self, http: aiohttp.ClientSession, method: str, path: str, body: Any = None
    ) -> tuple[int, float]:
        """Return the status, and the seconds that a client should wait now."""
        keys = {"Idempotency-Key": uuid4().hex} if body else {}
        async with http.request(method, path, json=body, headers=self._headers | keys) as response:
            await response.read()
            return response.status, float(response.headers.get("Retry-After", 0))


def measure_neighbours(sizes: Sizes) -> Iterator[Figure]:
    """Measure the orders of the others, alone and beside each situation."""
    fill_send_log.fill_send_log(sizes.neighbours_rows, timezone.now())
    _create_orders_to_report(Business.objects.get(pk=TROUBLED))
    tills = [Till(business) for business in Business.objects.order_by("id")[: TILLS + 1]]
    web = Web()
    with running(web):
        yield from asyncio.run(_measure_all(web.port, tills, sizes.neighbours_seconds))


async def _measure_all(port: int, tills: list[Till], seconds: float) -> list[Figure]:
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}",
        headers=HEADERS,
        trust_env=False,
        timeout=TIMEOUT,
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
    ) as http:
        troubled, *others = tills
        for _ in range(4):
            calls = itertools.islice(itertools.cycle(others), WARM_UP_CALLS)
            await asyncio.gather(*(till.call(http, "GET", "/api/v1/orders") for till in calls))
        await _order_steadily(http, others, TURN_SECONDS)
        milliseconds: dict[str, list[float]] = {name: [] for name in SITUATIONS}
        statuses = {name: Statuses() for name in SITUATIONS}
        for _ in range(max(1, round(seconds / TURN_SECONDS))):
            for name, situation in SITUATIONS.items():
                async with situation(http, troubled, statuses[name]):
                    milliseconds[name] += await _order_steadily(http, others, TURN_SECONDS)
    return [
        _figure(name, milliseconds[name], milliseconds["quiet"], statuses[name])
        for name in SITUATIONS
    ]


def _figure(name: str, times: list[float], quiet: list[float], statuses: Statuses) -> Figure:
    percentiles = quantiles(times, n=100)
    extra = {
        "ratio_to_quiet": rounded(percentiles[98] / quantiles(quiet, n=100)[98]),
        "p50_ms": rounded(percentiles[49]),
        "orders": len(times),
        "troubled": {str(status): count for status, count in statuses.most_common()},
    }
    return Figure(f"neighbours_{name}_p99_ms", percentiles[98], "ms", extra)


async def _order_steadily(
    http: aiohttp.ClientSession, tills: list[Till], seconds: float
) -> list[float]:
    """Return the milliseconds of each order, from the moment at which it should have begun."""

    async def order(number_of_till: int, till: Till) -> list[float]:
        # evenly, so that two tills do not order at the same moment
        started = time.monotonic() + number_of_till / ORDERS_PER_SECOND / len(tills)
        milliseconds: list[float] = []
        for number in itertools.count():
            due = started + number / ORDERS_PER_SECOND
            if due > started + seconds:
                return milliseconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            status, _ = await till.call(http, "POST", "/api/v1/orders", till.order)
            if status != 201:
                raise RuntimeError(f"The API answered an order with {status}.")
            milliseconds.append(1_000 * (time.monotonic() - due))
        raise AssertionError

    results = await asyncio.gather(*(order(*numbered) for numbered in enumerate(tills)))
    return [milliseconds for result in results for milliseconds in result]


@asynccontextmanager
async def _nothing(
    http: aiohttp.ClientSession, till: Till, statuses: Statuses
) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def _locked_row(
    http: aiohttp.ClientSession, till: Till, statuses: Statuses
) -> AsyncIterator[None]:
    """One customer of the troubled business is locked, and six calls at a time need it."""
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as other:
        await other.execute(
            "SELECT FROM customers_customer WHERE uuid = %s FOR UPDATE", [till.order["customer"]]
        )
        async with _calling(http, till, [("POST", "/api/v1/orders", till.order)], statuses):
            yield


@asynccontextmanager
async def _reports(
    http: aiohttp.ClientSession, till: Till, statuses: Statuses
) -> AsyncIterator[None]:
    async with _calling(http, till, [("GET", path, None) for path in LARGEST_REPORTS], statuses):
        yield


@asynccontextmanager
async def _calling(
    http: aiohttp.ClientSession, till: Till, calls: list[tuple[str, str, Any]], statuses: Statuses
) -> AsyncIterator[None]:
    async def repeat(number: int) -> None:
        for call in itertools.islice(itertools.cycle(calls), number, None):
            status, wait = await till.call(http, *call)
            statuses[status] += 1
            await asyncio.sleep(wait)

    tasks = [asyncio.create_task(repeat(number)) for number in range(TROUBLED_CONNECTIONS)]
    try:
        await asyncio.sleep(0.5)
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                statuses[str(error) or type(error).__name__] += 1


def _order(business: Business) -> dict[str, Any]:
    customer = Customer.objects.filter(business=business).order_by("-id")[:1].get()
    department = Department.objects.create(business=business, name="Dry cleaning")
    shirt = {"description": "Shirt", "price": "4.50", "department": str(department.uuid)}
    return {"customer": str(customer.uuid), "items": [shirt] * 5, "tax_rate": "8.5"}


SITUATIONS: Final = {"quiet": _nothing, "locked_row": _locked_row, "reports": _reports}


def _create_orders_to_report(business: Business) -> None:
    department = Department.objects.create(business=business, name="Laundry")
    customer = Customer.objects.filter(business=business).order_by("id")[:1].get()
    orders = Order.objects.bulk_create(
        Order(business=business, customer=customer, number=f"R{number}")
        for number in range(LARGEST_PAGE)
    )
    LineItem.objects.bulk_create(
        LineItem(order=order, department=department, description="Shirt", price=4.5)
        for order in orders
        for _ in range(ITEMS_TO_REPORT)
    )
