"""How many queries a round takes, with few and with many businesses and events."""

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
from smrt_integration.delivery import transport
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import claim_lanes
from smrt_integration.delivery.load import load
from smrt_integration.delivery.post import post_lane
from smrt_integration.delivery.settle import add_lane_result


class CountingCursor(ClientCursor[Any]):
    """Count the statements of all cursors, including COPY."""

    statements = 0

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        CountingCursor.statements += 1
        return super().execute(*args, **kwargs)

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        CountingCursor.statements += 1
        return super().copy(*args, **kwargs)


def count_statements(lanes: int) -> int:
    """Run one round over at most `lanes` lanes. Returns how many statements it sent."""
    connection.ensure_connection()
    native: Any = connection.connection
    original, native.cursor_factory = native.cursor_factory, CountingCursor
    CountingCursor.statements = 0
    try:
        run_round(lanes)
    finally:
        native.cursor_factory = original
    return CountingCursor.statements


def run_round(lanes: int) -> int:
    """Claim, load, build, post and settle in one go. Returns how many messages were logged."""
    lane_messages = build(load(claim_lanes(timezone.now(), lanes), timezone.now()))
    with ThreadPoolExecutor(transport.MAX_IN_FLIGHT) as threads:
        lane_results = list(threads.map(post_lane, lane_messages))
    now, settlement = timezone.now(), Settlement()
    for lane_result in lane_results:
        add_lane_result(settlement, lane_result, now, random.random)
    return settle(settlement, now)


def measure_queries_per_round(sizes: Sizes) -> Iterator[Figure]:
    """Measure a round of one business, and one of many."""
    receiver = Receiver()
    with running(receiver):
        settings.SEGMENT_HOST = receiver.url
        # The first round of a process also looks for this month's partitions.
        _count_queries(1, identified=False)
        for businesses in (1, sizes.round_businesses):
            yield Figure(
                f"queries_per_round_{businesses}",
                _count_queries(businesses, identified=True),
                "queries",
                _variants(businesses),
            )


def _variants(businesses: int) -> dict[str, Any]:
    """Count the same round with identifies of unknown customers, and with more events."""
    events = 20
    return {
        "first_contact": _count_queries(businesses, identified=False),
        f"with_{events}_events_each": _count_queries(businesses, identified=True, events=events),
    }


def _count_queries(businesses: int, *, identified: bool, events: int = 1) -> int:
    """Return the number of queries of one round. Raises AssertionError if it left out an event."""
    fill.create_businesses(businesses, 1, events)
    fill.empty_outbox_and_log(identified)
    expected = fill.fill_outbox()
    statements = count_statements(businesses)
    logged = fill.count_logged().get(("Order Returned", "accepted"), 0)
    if logged != expected or fill.count_waiting():
        raise AssertionError(f"The round logged {logged} events of {expected}.")
    return statements
