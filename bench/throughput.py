"""Events per second of a backlog, delivered by real workers: of few businesses with much, and of many with little. The peers do the
same events in turn with us, so that a busy machine is busy for all."""

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


@dataclass(frozen=True, slots=True)
class Run:
    events: int
    identifies: int
    requests: int
    seconds: float
    """From the wake-up until everything is in the send log."""
    cpu_seconds: float
    """Of the worker's processes alone."""

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def drain(receiver: Receiver, worker: Worker, delay: float = 0.0, *, known: bool = True) -> Run:
    """Let the worker deliver one event per order. `known`: the customers were identified before."""
    receiver.reset(delay)
    fill.empty_outbox_and_log(known)
    events = fill.fill_outbox()
    started, cpu_before = time.monotonic(), worker.cpu_seconds()
    wake.wake()
    receiver.wait_for(events)
    wait_until(lambda: not fill.is_anything_waiting(), "the outbox was empty")
    seconds, cpu_seconds = time.monotonic() - started, worker.cpu_seconds() - cpu_before
    counts, logged = receiver.counts(), sum(fill.count_logged().values())
    if (counts["tracks"], logged) != (events, events + counts["identifies"]):
        raise AssertionError(
            f"{events} events waited, {counts['tracks']} arrived, and {logged} messages were logged."
        )
    return Run(events, counts["identifies"], counts["requests"], seconds, cpu_seconds)


def measure_bulk(sizes: Sizes) -> Iterator[Figure]:
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
                lambda: drain(receiver, worker, known=False),
            )
            for peer in peers:
                rates[peer.name].append(peer.measure())
                progress(f"{peer.name}: {rates[peer.name][-1]:.0f}")
        ours = [run.events_per_second for run in runs["bulk_events_per_s"]]
        yield from _figures(runs)
        for peer in peers:
            ratios = [mine / theirs for mine, theirs in zip(ours, rates[peer.name], strict=True)]
            yield median_of_runs(
                f"bulk_ratio_to_{peer.name}",
                ratios,
                "ratio",
                **{f"{peer.name}_events_per_s": all_rounded(rates[peer.name])},
            )
        yield measuring.count_lost_by_sdk_queue(receiver, sizes.task_per_event)


def measure_sparse(sizes: Sizes) -> Iterator[Figure]:
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
                    lambda: drain(receiver, worker, sizes.sparse_delay, known=False),
                )
            yield from _figures(runs)


def _run(runs: dict[str, list[Run]], name: str, measure: Callable[[], Run]) -> None:
    runs[name].append(measure())
    progress(f"{name}: {runs[name][-1].events_per_second:.0f}")


def _figures(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    for name, found in runs.items():
        cpu = median(run.cpu_seconds / run.events for run in found)
        extra = {
            "events": found[0].events,
            "identifies": found[0].identifies,
            "requests": found[0].requests,
        }
        extra |= {"processes": WORKER_PROCESSES, "worker_cpu_us_per_event": round(cpu * 1e6)}
        yield median_of_runs(name, [run.events_per_second for run in found], "events/s", **extra)
