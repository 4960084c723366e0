"""What a save costs the business: alone, recorded, with a publish to the broker instead, and switched off."""

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
from events.occurrences import Lookup, Occurrence
from events.outbox.record import record
from events.triggers import order_facts

SAVES_AT_A_TIME = 50
"""Long enough to time, short enough that whatever else the machine does falls on all kinds alike."""


def measure_recording(sizes: Sizes) -> Iterator[Figure]:
    fill.create_businesses(20, 20, 0)
    fill.empty_outbox_and_log(known=True)
    tills = load_tills()
    kinds = _kinds()
    times: dict[str, list[float]] = defaultdict(list)
    for turn in range(sizes.record_turns + 1):
        for name, saving in kinds.items():
            with saving() as before_each:
                took = _time_of(tills, before_each)
            if turn:  # the first only warms up
                times[name].append(took)
    for name, found in times.items():
        progress(f"{name}: {1e6 * median(found):.0f} us")
    yield from _ratios(times)
    yield from _lookups(tills, sizes)


def _time_of(tills: list[Till], before_each: Callable[[], object]) -> float:
    """Seconds per save, the median of some."""
    found = []
    for till in tills[:SAVES_AT_A_TIME]:
        order = till.new_order()
        before_each()
        started = time.perf_counter()
        order.save()
        found.append(time.perf_counter() - started)
    return median(found)


def _ratios(times: dict[str, list[float]]) -> Iterator[Figure]:
    def figure(name: str, one: str, other: str) -> Figure:
        ratios = [a / b for a, b in zip(times[one], times[other], strict=True)]
        extra = {f"{kind}_us": round(1e6 * median(times[kind])) for kind in (one, other)}
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


Saving = Callable[[], Any]
"""A context in which orders are saved in one way; it gives what is to be done before each save, unmeasured."""


def _kinds() -> dict[str, Saving]:
    return {
        "plain": _plain,
        "recorded": _recorded,
        "recorded_first": _recorded_first,
        "published": _published,
        "off": _off,
    }


def nothing() -> None:
    pass


@contextmanager
def _plain() -> Iterator[Callable[[], object]]:
    """No receiver at all."""
    post_save.disconnect(receivers.happened, sender=Order)
    try:
        yield nothing
    finally:
        post_save.connect(receivers.happened, sender=Order)


@contextmanager
def _recorded() -> Iterator[Callable[[], object]]:
    """Switched on; workers were told already that something waits, as by nearly every save while much is going on."""
    wake.wake()
    yield wake.wake


@contextmanager
def _recorded_first() -> Iterator[Callable[[], object]]:
    """Switched on, and every save is the first after a calm, which publishes the wake-up."""
    broker = redis.Redis.from_url(settings.REDIS_URL)
    yield lambda: broker.delete(wake.KEY)


@contextmanager
def _published() -> Iterator[Callable[[], object]]:
    """What one writes first: a task is published when the save has committed. Nothing is recorded."""
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
    _switch(False)
    try:
        yield nothing
    finally:
        _switch(True)


def _switch(on: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_integration SET enabled = %s", [on])


def _lookups(tills: list[Till], sizes: Sizes) -> Iterator[Figure]:
    """The statement that records an order event, with its names looked up and with names in their place."""
    times: dict[bool, list[float]] = defaultdict(list)
    found: list[float] = []
    lookups = 0
    for _ in range(sizes.record_turns):
        for resolved in (False, True):
            with transaction.atomic():
                for till in tills[:SAVES_AT_A_TIME]:
                    facts = order_facts(till.new_order())
                    lookups = sum(
                        isinstance(fact, Lookup) and fact.id is not None for fact in facts.values()
                    )
                    if resolved:
                        facts = {
                            name: "A name" if isinstance(fact, Lookup) else fact
                            for name, fact in facts.items()
                        }
                    started = time.perf_counter()
                    record(
                        till.customer.pk, [Occurrence("Order Created", 1, timezone.now(), facts)]
                    )
                    found.append(time.perf_counter() - started)
            times[resolved].append(1e6 * median(found))
            found.clear()
    extra = [
        with_them - without for with_them, without in zip(times[False], times[True], strict=True)
    ]
    told = {
        "lookups": lookups,
        "with_us": round(median(times[False])),
        "without_us": round(median(times[True])),
    }
    yield Figure("record_lookups", median(extra), "us", told)
