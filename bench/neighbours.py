"""How long the orders of some businesses take while another business is in trouble.

The web server runs as the Docker image starts it, and no proxy stands before it. A till of each of
several businesses orders at a steady pace: alone, and beside each trouble.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator
from statistics import quantiles
from typing import Final

import aiohttp
from django.utils import timezone

from bench import fill_send_log, troubles
from bench.api import HEADERS, Web
from bench.figures import Figure, rounded
from bench.programs import running
from bench.sizes import Sizes
from bench.troubles import Statuses, Till, Trouble, Troubled
from customers.models import Business

TILLS: Final = 8
"""Each belongs to a business of its own."""
ORDERS_PER_SECOND: Final = 2
"""Of each till, so that the web server is far from busy in the quiet run."""
WARM_UP_CALLS: Final = 48
"""At the same time, so that every thread of the web server has its connection to PostgreSQL."""
WARM_UP_TIMES: Final = 4
STRETCH_SECONDS: Final = 4.0
"""The troubles alternate, so that other load on the machine affects all of them."""
TIMEOUT: Final = aiohttp.ClientTimeout(total=30)

TROUBLES: Final[dict[str, Trouble]] = {
    "quiet": troubles.nothing,
    "locked_row": troubles.locked_row,
    "reports": troubles.reports,
    "slow_readers": troubles.slow_readers,
}


def measure_neighbours(sizes: Sizes) -> Iterator[Figure]:
    """Measure the orders of the others, alone and beside each trouble."""
    fill_send_log.fill_send_log(sizes.neighbours_rows, timezone.now())
    # The first has nine tenths of the send log.
    first, *others = Business.objects.order_by("id")[: TILLS + 1]
    tills = [Till(business) for business in others]
    with troubles.prepared(first) as troubled:
        web = Web()
        with running(web):
            yield from asyncio.run(_measure_all(web.port, tills, troubled, sizes))


async def _measure_all(
    port: int, tills: list[Till], troubled: Troubled, sizes: Sizes
) -> list[Figure]:
    milliseconds: dict[str, list[float]] = {name: [] for name in TROUBLES}
    statuses = {name: Statuses() for name in TROUBLES}
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}",
        headers=HEADERS,
        trust_env=False,
        timeout=TIMEOUT,
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
    ) as http:
        await _warm_up(http, tills)
        for _ in range(round(sizes.neighbours_seconds / STRETCH_SECONDS)):
            for name, trouble in TROUBLES.items():
                troubled.statuses = statuses[name]
                async with trouble(http, troubled):
                    milliseconds[name] += await _order_steadily(http, tills)
    return [
        _figure(name, times, milliseconds["quiet"], statuses[name])
        for name, times in milliseconds.items()
    ]


async def _warm_up(http: aiohttp.ClientSession, tills: list[Till]) -> None:
    for _ in range(WARM_UP_TIMES):
        calls = itertools.islice(itertools.cycle(tills), WARM_UP_CALLS)
        await asyncio.gather(*(till.call(http, "GET", "/api/v1/orders") for till in calls))
    await _order_steadily(http, tills)


async def _order_steadily(http: aiohttp.ClientSession, tills: list[Till]) -> list[float]:
    """Return the milliseconds of each order, from the moment at which it should have begun."""

    async def order(number: int, till: Till) -> list[float]:
        # evenly, so that no two tills order at the same moment
        started = time.monotonic() + number / ORDERS_PER_SECOND / len(tills)
        milliseconds = []
        for count in range(round(STRETCH_SECONDS * ORDERS_PER_SECOND)):
            due = started + count / ORDERS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            status, _ = await till.call(http, "POST", "/api/v1/orders", till.order)
            if status != 201:
                raise RuntimeError(f"The API answered an order with {status}.")
            milliseconds.append(1_000 * (time.monotonic() - due))
        return milliseconds

    results = await asyncio.gather(*(order(number, till) for number, till in enumerate(tills)))
    return [milliseconds for result in results for milliseconds in result]


def _figure(name: str, times: list[float], quiet: list[float], statuses: Statuses) -> Figure:
    percentiles = quantiles(times, n=100)
    extra = {
        "ratio_to_quiet": rounded(percentiles[98] / quantiles(quiet, n=100)[98]),
        "p50_ms": rounded(percentiles[49]),
        "orders": len(times),
        "troubled": dict(statuses.most_common()),
    }
    return Figure(f"neighbours_{name}_p99_ms", percentiles[98], "ms", extra)
