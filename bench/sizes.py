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
    steady_businesses: int = 100
    steady_rate: float = 200.0
    """Saves a second."""
    steady_seconds: float = 20.0
    record_turns: int = 20
    round_businesses: int = 1_000
    api_businesses: int = 100
    api_seconds: float = 15.0
    claim_lanes: int = 5_000
    claim_dead_rows: int = 500_000
    history_rows: int = 10_000_000
    history_waiting: int = 1_000_000


FULL = Sizes()
QUICK = Sizes(
    repetitions=1,
    bulk_businesses=20,
    bulk_events=200,
    bulk_customers=50,
    task_per_event=150,
    sparse_businesses=200,
    steady_seconds=4.0,
    record_turns=3,
    api_seconds=4.0,
    claim_lanes=1_000,
    claim_dead_rows=50_000,
    history_rows=130_000,
    history_waiting=20_000,
)
