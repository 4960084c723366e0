"""The parts of the benchmark, in the order in which they run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench import (
    api,
    busy_evening,
    claiming,
    cost,
    former_code,
    imports,
    latency,
    lists,
    live_first,
    neighbours,
    owner_pages,
    past,
    recording,
    rounds,
    texts,
    throughput,
)
from bench.figures import Figure
from bench.sizes import Sizes


@dataclass(frozen=True, slots=True)
class Part:
    """Figures that are measured together."""

    name: str
    run: Callable[[Sizes], Iterator[Figure]]
    figures: tuple[str, ...]


PARTS = (
    Part(
        "bulk",
        throughput.measure_bulk,
        (
            "bulk_events_per_s",
            "bulk_first_contact_events_per_s",
            "bulk_ratio_to_task_per_event",
            "bulk_ratio_to_sdk_queue",
            "bulk_ratio_to_post_only",
            "sdk_queue_lost_when_killed",
        ),
    ),
    Part(
        "sparse",
        throughput.measure_sparse,
        ("sparse_events_per_s", "sparse_first_contact_events_per_s"),
    ),
    Part(
        "latency",
        latency.measure_latency,
        ("commit_to_accepted_p50_ms", "commit_to_accepted_p99_ms"),
    ),
    Part(
        "live",
        live_first.measure_live_first,
        ("live_behind_events_p99_ms", "live_behind_identifies_p99_ms"),
    ),
    Part(
        "past",
        past.measure_past,
        (
            "sync_none_live_p99_ms",
            "sync_live_p99_ms",
            "sync_customers_per_s",
            "backfill_live_p99_ms",
            "backfill_events_per_s",
        ),
    ),
    Part(
        "evening",
        busy_evening.measure_busy_evening,
        ("quiet_evening_p99_ms", "busy_evening_p99_ms"),
    ),
    Part(
        "record",
        recording.measure_recording,
        (
            "record_ratio_to_plain_save",
            "record_ratio_to_save_plus_publish",
            "record_first_ratio_to_save_plus_publish",
            "record_off_ratio_to_plain_save",
            "record_lookups",
        ),
    ),
    Part(
        "cost",
        cost.measure_costs,
        (
            "event_worker_us",
            "event_postgres_us",
            "event_settle_wal_bytes",
            "event_log_bytes",
            "event_record_wal_bytes",
        ),
    ),
    Part(
        "rounds",
        rounds.measure_queries_per_round,
        ("queries_per_round_1", "queries_per_round_1000"),
    ),
    Part(
        "api",
        api.measure_orders,
        (
            "api_orders_per_s",
            "api_orders_p99_ms",
            "api_orders_without_key_per_s",
            "api_orders_without_key_p99_ms",
        ),
    ),
    Part(
        "neighbours",
        neighbours.measure_neighbours,
        (
            "neighbours_quiet_p99_ms",
            "neighbours_locked_row_p99_ms",
            "neighbours_reports_p99_ms",
            "neighbours_slow_readers_p99_ms",
        ),
    ),
    Part(
        "import",
        imports.measure_imports,
        (
            "import_s",
            "import_memory_mb",
            "import_again_s",
            "import_again_memory_mb",
            "quiet_import_p99_ms",
            "live_during_import_p99_ms",
        ),
    ),
    Part("claim", claiming.measure_claims, ("claim_ms",)),
    Part("texts", texts.measure_texts, ("texts_per_s",)),
    Part(
        "lists",
        lists.measure_lists,
        ("lists_owner_slowest_ms", "lists_support_slowest_ms", "lists_api_slowest_ms"),
    ),
    Part(
        "history",
        owner_pages.measure_pages,
        (
            "send_log_first_page_ms",
            "send_log_filtered_page_ms",
            "send_log_search_ms",
            "send_log_message_ms",
            "outbox_first_page_ms",
            "outbox_filtered_page_ms",
        ),
    ),
    Part(
        "former",
        former_code.measure_ratios,
        ("bulk_ratio_to_former_code", "api_ratio_to_former_code"),
    ),
)


def choose_parts(names: Sequence[str]) -> list[Part]:
    """Return the parts with these names or figures; all if there are no names.

    Ends the program if a name is unknown.
    """
    available = {name for part in PARTS for name in (part.name, *part.figures)}
    if unknown := sorted(set(names) - available):
        raise SystemExit(
            f"{', '.join(unknown)}: there is no such part or figure. "
            f"There are {', '.join(sorted(available))}."
        )
    return [
        part for part in PARTS if not names or part.name in names or set(names) & set(part.figures)
    ]
