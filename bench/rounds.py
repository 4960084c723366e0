"""How many queries a round takes, as businesses and events grow."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from psycopg import ClientCursor

from bench import fill
from bench.figures import Figure
from bench.programs import Receiver, running
from bench.sizes import Sizes
from events.outbox.rows import Settlement
from events.outbox.settle import settle
from smrt_integration.delivery import build, claim, segment
from smrt_integration.delivery.post import post_lane
from smrt_integration.delivery.settle import add_lane_result


class CountingCursor(ClientCursor[Any]):
    """A cursor as Django uses them, which counts its statements, COPY included."""

    statements = 0

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        CountingCursor.statements += 1
        return super().execute(*args, **kwargs)

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        CountingCursor.statements += 1
        return super().copy(*args, **kwargs)


def count_statements(lanes: int) -> int:
    """Statements sent for one round over at most so many lanes, from the claim to the settling."""
    connection.ensure_connection()
    native: Any = connection.connection
    usual, native.cursor_factory = native.cursor_factory, CountingCursor
    CountingCursor.statements = 0
    try:
        run_round(lanes)
    finally:
        native.cursor_factory = usual
    return CountingCursor.statements


def run_round(lanes: int) -> int:
    """As `Delivery` does it, but all at once. Answers how many messages were logged."""
    loads = build.load(claim.claim(timezone.now(), lanes), timezone.now())
    with ThreadPoolExecutor(segment.THREADS) as threads:
        shipments = list(threads.map(post_lane, loads))
    now, settlement = timezone.now(), Settlement()
    for shipment in shipments:
        add_lane_result(shipment, settlement, now, random.random)
    return settle(settlement, now)


def measure_queries_per_round(sizes: Sizes) -> Iterator[Figure]:
    receiver = Receiver()
    with running(receiver):
        settings.SEGMENT_HOST = receiver.url
        _queries(
            1, known=False
        )  # the first round of a process also looks for this month's partitions
        for many in (1, sizes.round_businesses):
            yield Figure(
                f"queries_per_round_{many}", _queries(many, known=True), "queries", _variants(many)
            )


def _variants(many: int) -> dict[str, Any]:
    """The same round with identifies of customers whom Segment does not know yet, and with as many events in each business."""
    found = {"first_contact": _queries(many, known=False)}
    events = 20
    return found | {f"with_{events}_events_each": _queries(many, known=True, events=events)}


def _queries(businesses: int, *, known: bool, events: int = 1) -> int:
    fill.create_businesses(businesses, 1, events)
    fill.empty_outbox_and_log(known)
    expected = fill.fill_outbox()
    found = count_statements(businesses)
    logged = fill.count_logged().get(("Order Returned", "accepted"), 0)
    if logged != expected or fill.count_waiting():
        raise AssertionError(f"The round logged {logged} events of {expected}.")
    return found
