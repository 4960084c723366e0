"""How many events per second real workers deliver from a full outbox.

Measured with few businesses that have many events, and with many that have one. The peers take
turns with our worker on the same events, so load on the machine affects all of them.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench import fill
from bench.figures import Figure, all_rounded, median_of_runs, progress
from bench.peers import measuring
from bench.programs import Receiver, Worker, running, wait_until
from bench.sizes import Sizes
from events import wake

WORKER_PROCESSES = 2
"""Celery's default on the two cores that the published figures are from."""


@dataclass(frozen=True, slots=True)
class Run:
    """One delivery of everything that waited."""

    events: int
    identifies: int
    requests: int
    seconds: float
    """From the wake-up until everything is in the send log."""
    cpu_seconds: float
    """Of the worker's processes only."""

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def drain(
    receiver: Receiver, worker: Worker, delay: float = 0.0, *, identified: bool = True
) -> Run:
    """Let the worker deliver one event per order.

    `identified`: the customers were identified before. Raises AssertionError for a missing event.
    """
    receiver.reset(delay)
    fill.empty_outbox_and_log(identified)
    events = fill.fill_outbox()
    started, cpu_before = time.monotonic(), worker.cpu_seconds()
    wake.wake()
    receiver.wait_for(events)
    wait_until(lambda: not fill.is_anything_waiting(), "the outbox is empty")
    seconds, cpu_seconds = time.monotonic() - started, worker.cpu_seconds() - cpu_before
    counts, logged = receiver.counts(), sum(fill.count_logged().values())
    if (counts["tracks"], logged) != (events, events + counts["identifies"]):
        raise AssertionError(
            f"{events} events waited, {counts['tracks']} arrived, "
            f"and {logged} messages were logged."
        )
    return Run(events, counts["identifies"], counts["requests"], seconds, cpu_seconds)


def measure_bulk(sizes: Sizes) -> Iterator[Figure]:
    """Measure few businesses with many events each, and the peers."""
    fill.create_businesses(sizes.bulk_businesses, sizes.bulk_customers, sizes.bulk_events)
    receiver = Receiver()
    with ExitStack() as stack:
        stack.enter_context(running(receiver))
        runs: dict[str, list[Run]] = defaultdict(list)
        rates: dict[str, list[float]] = defaultdict(list)
        worker = Worker(receiver.url, WORKER_PROCESSES)
        stack.enter_context(running(worker))
        peers = [
            measuring.task_per_event_peer(receiver, sizes.task_per_event),
            measuring.sdk_queue_peer(receiver, sizes.task_per_event),
            stack.enter_context(measuring.post_only_peer(receiver)),
        ]
        for _ in range(sizes.repetitions):
            _run(runs, "bulk_events_per_s", lambda: drain(receiver, worker))
            _run(
                runs,
                "bulk_first_contact_events_per_s",
                lambda: drain(receiver, worker, identified=False),
            )
            for peer in peers:
                rates[peer.name].append(peer.measure())
                progress(f"{peer.name}: {rates[peer.name][-1]:.0f}")
        ours = [run.events_per_second for run in runs["bulk_events_per_s"]]
        yield from _figures(runs)
        for peer in peers:
            ratios = [own / other for own, other in zip(ours, rates[peer.name], strict=True)]
            yield median_of_runs(
                f"bulk_ratio_to_{peer.name}",
                ratios,
                "ratio",
                **{f"{peer.name}_events_per_s": all_rounded(rates[peer.name])},
            )
        yield measuring.count_lost_by_sdk_queue(receiver, sizes.task_per_event)


def measure_sparse(sizes: Sizes) -> Iterator[Figure]:
    """Measure many businesses with one event each."""
    fill.create_businesses(sizes.sparse_businesses, 1, 1)
    receiver = Receiver()
    with running(receiver):
        worker = Worker(receiver.url, WORKER_PROCESSES)
        with running(worker):
            runs: dict[str, list[Run]] = defaultdict(list)
            for _ in range(sizes.repetitions):
                _run(
                    runs, "sparse_events_per_s", lambda: drain(receiver, worker, sizes.sparse_delay)
                )
                _run(
                    runs,
                    "sparse_first_contact_events_per_s",
                    lambda: drain(receiver, worker, sizes.sparse_delay, identified=False),
                )
            yield from _figures(runs)


def _run(runs: dict[str, list[Run]], name: str, measure: Callable[[], Run]) -> None:
    runs[name].append(measure())
    progress(f"{name}: {runs[name][-1].events_per_second:.0f}")


def _figures(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    for name, repetitions in runs.items():
        cpu = median(run.cpu_seconds / run.events for run in repetitions)
        extra = {
            "events": repetitions[0].events,
            "identifies": repetitions[0].identifies,
            "requests": repetitions[0].requests,
        }
        extra |= {"processes": WORKER_PROCESSES, "worker_cpu_us_per_event": round(cpu * 1e6)}
        yield median_of_runs(
            name, [run.events_per_second for run in repetitions], "events/s", **extra
        )
