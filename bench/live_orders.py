"""Live orders at a steady rate, and how long each takes from commit to acceptance."""

from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import Any

from bench.figures import Figure, rounded
from bench.latency import save_orders_steadily
from bench.programs import Receiver
from bench.sales import Till

ORDERS_PER_SECOND = 25.0


def measure_orders(name: str, receiver: Receiver, tills: list[Till], count: int) -> Figure:
    """Save so many orders, wait until the receiver has them, and return the 99th percentile."""
    committed = save_orders_steadily(tills, count, ORDERS_PER_SECOND)
    return p99_figure(name, waits_of(committed, receiver.wait_for_orders(committed)))


def waits_of(committed: Mapping[str, float], arrivals: Mapping[str, float]) -> list[float]:
    """Return the milliseconds from commit to acceptance of each order."""
    return [1_000 * (arrivals[number] - at) for number, at in committed.items()]


def p99_figure(name: str, waits: Sequence[float], **extra: Any) -> Figure:
    """Return the 99th percentile, with the median and the longest wait."""
    percentiles = quantiles(waits, n=100)
    told = {"p50": rounded(percentiles[49]), "longest": rounded(max(waits)), "orders": len(waits)}
    return Figure(f"{name}_p99_ms", percentiles[98], "ms", extra | told)
