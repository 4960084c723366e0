"""Situations that one business brings about, and which must keep no other business waiting."""

import asyncio
import itertools
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import aiohttp
import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone

from bench.api import HEADERS
from customers.models import Business, Customer, Department, LineItem, Membership, Order
from events.send_log.filter import MessageFilter
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from smrt_integration.exports import files
from smrt_integration.exports.models import Export

CALLS_AT_ONCE: Final = 6
"""As many as two cores had threads for before a business had turns."""
READERS_AT_ONCE: Final = 12
LARGEST_PAGE, ITEMS_TO_REPORT = 200, 20
LARGEST_REPORTS: Final = ("/api/v1/orders?limit=200", "/api/v1/send-log-entries?limit=200")
EXPORT_BYTES: Final = 20_000_000
"""More than the buffers of a connection take."""
READER_SECONDS: Final = 4.0
"""How long a slow reader, or one who was refused, stays before it starts again."""

Statuses = Counter[str]


class Till:
    """A client of the API, with an order to send again and again."""

    def __init__(self, business: Business) -> None:
        customer = Customer.objects.filter(business=business).order_by("-id")[:1].get()
        department = Department.objects.create(business=business, name="Dry cleaning")
        shirt = {"description": "Shirt", "price": "4.50", "department": str(department.uuid)}
        self.order = {"customer": str(customer.uuid), "items": [shirt] * 5, "tax_rate": "8.5"}
        secret = ApiKey.issue(business, Client.POS, "Till")[1]
        self._headers = {"Authorization": f"Bearer {secret}"}

    async def call(
        self, http: aiohttp.ClientSession, method: str, path: str, body: Any = None
    ) -> tuple[int, float]:
        """Return the status, and for how many seconds Retry-After says to wait."""
        keys = {"Idempotency-Key": uuid4().hex} if body else {}
        async with http.request(method, path, json=body, headers=self._headers | keys) as response:
            await response.read()
            return response.status, float(response.headers.get("Retry-After", 0))


@dataclass
class Troubled:
    """The business in trouble: its till, and the download of its export by its owner."""

    till: Till
    download: bytes
    statuses: Statuses = field(default_factory=Statuses)
    """The responses to its calls."""


Trouble = Callable[[aiohttp.ClientSession, Troubled], AbstractAsyncContextManager[None]]


@contextmanager
def prepared(business: Business) -> Iterator[Troubled]:
    """Create what the business asks for in its trouble; its export is deleted at the end."""
    _create_orders_to_report(business)
    # Pages for browsers name collected files.
    call_command("collectstatic", interactive=False, verbosity=0)
    owner = User.objects.create(username="owner", is_staff=True)
    Membership.objects.create(user=owner, business=business, role=Membership.Role.OWNER)
    export = Export(
        business=business,
        requested_by=owner,
        requested_at=timezone.now(),
        finished_at=timezone.now(),
        matching=MessageFilter((business.pk,)).as_json(),
        up_to=0,
        expected=0,
        bytes=EXPORT_BYTES,
    )
    export.parts = [files.storage().save(f"{export.folder}/part", ContentFile(b"x" * EXPORT_BYTES))]
    export.save()
    try:
        yield Troubled(Till(business), _download_request(owner, export))
    finally:
        files.delete_files(export.folder)


@asynccontextmanager
async def nothing(http: aiohttp.ClientSession, troubled: Troubled) -> AsyncIterator[None]:
    yield


@asynccontextmanager
async def locked_row(http: aiohttp.ClientSession, troubled: Troubled) -> AsyncIterator[None]:
    """One customer is locked, and all calls need it."""
    order = troubled.till.order
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"]) as other:
        await other.execute(
            "SELECT FROM customers_customer WHERE uuid = %s FOR UPDATE", [order["customer"]]
        )
        call = ("POST", "/api/v1/orders", order)
        async with _running(CALLS_AT_ONCE, lambda _: _repeat(http, troubled, [call])):
            yield


@asynccontextmanager
async def reports(http: aiohttp.ClientSession, troubled: Troubled) -> AsyncIterator[None]:
    """Its largest lists are read over all connections."""
    calls = [("GET", path, None) for path in LARGEST_REPORTS]
    async with _running(
        CALLS_AT_ONCE, lambda number: _repeat(http, troubled, calls[number % len(calls) :] + calls)
    ):
        yield


@asynccontextmanager
async def slow_readers(http: aiohttp.ClientSession, troubled: Troubled) -> AsyncIterator[None]:
    """Its export is downloaded by browsers that take nothing of it, without a proxy between."""
    port = int(str(http._base_url).rpartition(":")[2].strip("/"))  # noqa: SLF001 - as it was given
    async with _running(READERS_AT_ONCE, lambda number: _read_nothing(port, troubled, number)):
        yield


async def _repeat(
    http: aiohttp.ClientSession, troubled: Troubled, calls: list[tuple[str, str, Any]]
) -> None:
    for call in itertools.cycle(calls):
        status, wait_seconds = await troubled.till.call(http, *call)
        troubled.statuses[str(status)] += 1
        await asyncio.sleep(wait_seconds)


async def _read_nothing(port: int, troubled: Troubled, number: int) -> None:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(READER_SECONDS * number / READERS_AT_ONCE)
    while True:
        with socket.socket() as reader:
            reader.setblocking(False)
            # the smallest that the kernel allows, so that nearly all waits at the server
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            await loop.sock_connect(reader, ("127.0.0.1", port))
            await loop.sock_sendall(reader, troubled.download)
            status = (await loop.sock_recv(reader, len("HTTP/1.1 200")))[-3:].decode()
            troubled.statuses[status] += 1
            await asyncio.sleep(READER_SECONDS)


@asynccontextmanager
async def _running(
    number: int, start: Callable[[int], Coroutine[Any, Any, None]]
) -> AsyncIterator[None]:
    """Run so many at the same time until the end of the block. Raises their first error."""
    tasks = [asyncio.create_task(start(each)) for each in range(number)]
    try:
        await asyncio.sleep(0.5)
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for error in results:
        if isinstance(error, Exception):
            raise error


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


def _download_request(owner: User, export: Export) -> bytes:
    browser = Browser()
    browser.force_login(owner)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    path = f"/admin/smrt_integration/export/{export.pk}/download/"
    headers = HEADERS | {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
