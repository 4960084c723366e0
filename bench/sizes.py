"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    repetitions: int = 3
    bulk_businesses: int = 50
    bulk_events: int = 1_000
    """Per business, as are the customers."""
    bulk_customers: int = 200
    task_per_event: int = 600
    """Events that a peer gets which sends them one by one: enough seconds to measure."""
    sparse_businesses: int = 1_000
    sparse_delay: float = 0.08
    """Seconds in which the receiver answers."""


FULL = Sizes()
QUICK = Sizes(repetitions=1, bulk_businesses=20, bulk_events=200, bulk_customers=50, task_per_event=150, sparse_businesses=200)
