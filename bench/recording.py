"""How long it takes to save an order: plain, recorded, published to the broker, switched off."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.utils import timezone

from bench import fill
from bench.figures import Figure, progress
from bench.peers.order_event import create_app
from bench.sales import Till, load_tills
from bench.sizes import Sizes
from customers.models import Order
from events import receivers, wake
from events.definitions.orders import order_facts
from events.occurrences import Lookup, Occurrence
from events.outbox.record import record
from smrt_integration import timeouts

SAVES_AT_A_TIME = 50
"""Enough to measure; few enough that other load on the machine affects every way of saving."""


def measure_recording(sizes: Sizes) -> Iterator[Figure]:
    """Measure a save in every way, in turn, and compare them turn by turn."""
    fill.create_businesses(20, 20, 0)
    fill.empty_outbox_and_log(identified=True)
    tills = load_tills()
    ways = _ways_to_save()
    times: dict[str, list[float]] = defaultdict(list)
    for turn in range(sizes.record_turns + 1):
        for name, way in ways.items():
            with way() as before_each, timeouts.use(timeouts.WEB):
                seconds = _seconds_per_save(tills, before_each)
            if turn:  # the first turn only warms up
                times[name].append(seconds)
    for name, seconds_per_save in times.items():
        progress(f"{name}: {1e6 * median(seconds_per_save):.0f} us")
    yield from _ratios(times)
    yield _lookups_figure(tills, sizes)


def _seconds_per_save(tills: list[Till], before_each: Callable[[], object]) -> float:
    """Return the median time of a save, in seconds."""
    seconds = []
    for till in tills[:SAVES_AT_A_TIME]:
        order = till.new_order()
        before_each()
        started = time.perf_counter()
        order.save()
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def _ratios(times: dict[str, list[float]]) -> Iterator[Figure]:
    def figure(name: str, one: str, other: str) -> Figure:
        ratios = [a / b for a, b in zip(times[one], times[other], strict=True)]
        extra = {f"{way}_us": round(1e6 * median(times[way])) for way in (one, other)}
        return Figure(
            name,
            median(ratios),
            "ratio",
            {**extra, "turns": len(ratios), "saves": len(ratios) * SAVES_AT_A_TIME},
        )

    yield figure("record_ratio_to_plain_save", "recorded", "plain")
    yield figure("record_ratio_to_save_plus_publish", "recorded", "published")
    yield figure("record_first_ratio_to_save_plus_publish", "recorded_first", "published")
    yield figure("record_off_ratio_to_plain_save", "off", "plain")


WayToSave = Callable[[], Any]
"""Returns a context manager. It yields a function to call before each save, unmeasured."""


def _ways_to_save() -> dict[str, WayToSave]:
    return {
        "plain": _plain,
        "recorded": _recorded,
        "recorded_first": _recorded_first,
        "published": _published,
        "off": _off,
    }


def _do_nothing() -> None:
    pass


@contextmanager
def _plain() -> Iterator[Callable[[], object]]:
    """Save without our receiver."""
    post_save.disconnect(receivers.record_save, sender=Order)
    try:
        yield _do_nothing
    finally:
        post_save.connect(receivers.record_save, sender=Order)


@contextmanager
def _recorded() -> Iterator[Callable[[], object]]:
    """Record each order. The wake-up is already there, as for nearly every save under load."""
    wake.wake()
    yield wake.wake


@contextmanager
def _recorded_first() -> Iterator[Callable[[], object]]:
    """Record each order and publish a wake-up, as for the first save after a calm time."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    yield lambda: broker.delete(wake.WAKE_UP_KEY)


@contextmanager
def _published() -> Iterator[Callable[[], object]]:
    """Publish a task after each commit, as most people would, and record nothing."""
    app = create_app("published")

    def publish(sender: type[Order], instance: Order, **kwargs: Any) -> None:
        transaction.on_commit(lambda: app.send_task("order_saved", [instance.pk]))

    with _plain() as before_each:
        post_save.connect(publish, sender=Order)
        try:
            yield before_each
        finally:
            post_save.disconnect(publish, sender=Order)


@contextmanager
def _off() -> Iterator[Callable[[], object]]:
    """Save with sending switched off."""
    _switch(on=False)
    try:
        yield _do_nothing
    finally:
        _switch(on=True)


def _switch(*, on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_integration SET enabled = %s", [on])


def _lookups_figure(tills: list[Till], sizes: Sizes) -> Figure:
    """Measure what the lookups of names add to the statement that records an order event."""
    with_lookups, without_lookups = [], []
    for _ in range(sizes.record_turns):
        with_lookups.append(_microseconds_to_record(tills, resolved=False))
        without_lookups.append(_microseconds_to_record(tills, resolved=True))
    added = [
        with_names - without
        for with_names, without in zip(with_lookups, without_lookups, strict=True)
    ]
    facts = order_facts(tills[0].new_order())
    extra = {
        "lookups": sum(isinstance(fact, Lookup) and fact.id is not None for fact in facts.values()),
        "with_us": round(median(with_lookups)),
        "without_us": round(median(without_lookups)),
    }
    return Figure("record_lookups", median(added), "us", extra)


def _microseconds_to_record(tills: list[Till], *, resolved: bool) -> float:
    """Return the median time of the statement. `resolved`: with names in place of lookups."""
    seconds = []
    with transaction.atomic():
        for till in tills[:SAVES_AT_A_TIME]:
            facts = order_facts(till.new_order())
            if resolved:
                facts = {
                    name: "A name" if isinstance(fact, Lookup) else fact
                    for name, fact in facts.items()
                }
            started = time.perf_counter()
            record(till.customer.pk, [Occurrence("Order Created", 1, timezone.now(), facts)])
            seconds.append(time.perf_counter() - started)
    return 1e6 * median(seconds)
