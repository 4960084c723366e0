"""How much the benchmark measures, in full and with --quick."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts, rates and durations of all parts."""

    repetitions: int = 3
    bulk_businesses: int = 50
    bulk_events: int = 1_000
    """Per business."""
    bulk_customers: int = 200
    """Per business."""
    task_per_event: int = 600
    """Events of the peers that send one by one: enough for some seconds of work."""
    sparse_businesses: int = 1_000
    sparse_delay: float = 0.08
    """Seconds until the receiver responds."""
    steady_businesses: int = 100
    steady_rate: float = 200.0
    """Saves per second."""
    steady_seconds: float = 20.0
    live_backlog: int = 20_000
    """Bulk events of one business; there is a customer for every fourth."""
    live_seconds: float = 8.0
    live_delay: float = 0.08
    past_customers: int = 100_000
    """Of one business, which has an order for every third: three past events each."""
    past_quiet_seconds: float = 20.0
    evening_businesses: int = 200
    evening_customers: int = 500
    """Per business. Each gets a text."""
    evening_seconds: float = 40.0
    import_businesses: int = 50
    import_customers: int = 100_000
    import_live_seconds: float = 30.0
    record_turns: int = 20
    """Each turn saves some orders in every way."""
    round_businesses: int = 1_000
    api_businesses: int = 100
    api_seconds: float = 15.0
    neighbours_rows: int = 200_000
    neighbours_seconds: float = 32.0
    claim_lanes: int = 5_000
    claim_dead_rows: int = 500_000
    texts: int = 10_000
    texts_businesses: int = 200
    texts_delay: float = 0.4
    """Seconds until Twilio's stand-in responds."""
    list_customers: int = 1_000_000
    """Of one business, and as many orders."""
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
    live_backlog=4_000,
    live_seconds=3.0,
    past_customers=3_000,
    past_quiet_seconds=4.0,
    evening_businesses=20,
    evening_customers=50,
    evening_seconds=3.0,
    import_businesses=5,
    import_customers=2_000,
    import_live_seconds=3.0,
    record_turns=3,
    api_seconds=4.0,
    neighbours_rows=13_000,
    neighbours_seconds=4.0,
    claim_lanes=1_000,
    claim_dead_rows=50_000,
    texts=1_000,
    texts_businesses=100,
    list_customers=5_000,
    history_rows=130_000,
    history_waiting=20_000,
)
