"""How long it takes from the commit of a save until the receiver has the event.

Orders are saved at a steady rate meanwhile.
"""

import time
from collections.abc import Iterator, Sequence
from statistics import quantiles

from django.db import transaction

from bench import fill
from bench.figures import Figure, progress, rounded
from bench.programs import Beat, Receiver, Worker, running
from bench.sales import Till, load_tills
from bench.sizes import Sizes
from smrt_integration import schedules

WORKER_PROCESSES = 2
"""Celery's default on the two cores that the published figures are from."""
WARM_UP_ORDERS = 50
"""Enough for every process to open its connections before the clock starts."""


def measure_latency(sizes: Sizes) -> Iterator[Figure]:
    """Measure the time from commit to acceptance, as median and 99th percentile."""
    fill.create_businesses(sizes.steady_businesses, 10, 0)
    fill.empty_outbox_and_log(identified=True)
    schedules.create_missing()
    tills = load_tills()
    receiver = Receiver()
    with running(receiver):
        worker, beat = Worker(receiver.url, WORKER_PROCESSES), Beat()
        with running(worker, beat):
            receiver.reset(keep_orders=True)
            save_orders_steadily(tills, WARM_UP_ORDERS, rate=50.0)
            receiver.wait_for(WARM_UP_ORDERS)
            started = time.monotonic()
            committed = save_orders_steadily(
                tills, int(sizes.steady_seconds * sizes.steady_rate), sizes.steady_rate
            )
            rate = len(committed) / (time.monotonic() - started)
            arrivals = receiver.wait_for(WARM_UP_ORDERS + len(committed))["arrivals"]
    milliseconds = [1_000 * (arrivals[number] - at) for number, at in committed.items()]
    yield from _figures(
        milliseconds,
        {
            "events": len(milliseconds),
            "saves_per_s": rounded(rate),
            "businesses": sizes.steady_businesses,
        },
    )


def save_orders_steadily(tills: Sequence[Till], count: int, rate: float) -> dict[str, float]:
    """Save `count` orders of alternating customers, `rate` a second.

    Returns when each was committed, as `time.time()`, by order number.
    """
    committed: dict[str, float] = {}
    started = time.monotonic()
    for n in range(count):
        time.sleep(max(0.0, started + n / rate - time.monotonic()))
        order = tills[n * 7 % len(tills)].new_order()
        with transaction.atomic():
            # Registered before the save, so this runs before the wake-up.
            transaction.on_commit(
                lambda number=order.number: (  # type: ignore[misc]
                    committed.__setitem__(number, time.time())
                )
            )
            order.save()
    progress(f"{count} orders in {time.monotonic() - started:.1f} s")
    return committed


def _figures(milliseconds: list[float], extra: dict[str, float]) -> Iterator[Figure]:
    percentiles = quantiles(milliseconds, n=100)
    yield Figure("commit_to_accepted_p50_ms", percentiles[49], "ms", extra)
    yield Figure(
        "commit_to_accepted_p99_ms",
        percentiles[98],
        "ms",
        extra | {"longest": rounded(max(milliseconds))},
    )
