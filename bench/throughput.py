"""Events per second of a backlog, delivered by real workers: of few businesses with much, and of many with little."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench import fill
from bench.figures import Figure, of_runs, progress
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

    @property
    def events_per_second(self) -> float:
        return self.events / self.seconds


def drain(receiver: Receiver, delay: float = 0.0, known: bool = True, changed: bool = False) -> Run:
    """Let the workers that are running deliver one event per order. `known`: the customers were identified before; `changed`: but
    their details were changed since."""
    receiver.reset(delay)
    fill.calm(known)
    events = fill.let_events_wait(changed)
    started = time.monotonic()
    wake.wake()
    counts = receiver.wait_for(events)
    wait_until(lambda: not fill.anything_waits(), "the outbox was empty")
    seconds = time.monotonic() - started
    counts = receiver.counts()
    logged = sum(fill.count_logged().values())
    if (counts["tracks"], logged) != (events, events + counts["identifies"]):
        raise AssertionError(f"{events} events waited, {counts['tracks']} arrived, and {logged} messages were logged.")
    return Run(events, counts["identifies"], counts["requests"], seconds)


def bulk(sizes: Sizes) -> Iterator[Figure]:
    fill.fill(sizes.bulk_businesses, sizes.bulk_customers, sizes.bulk_events)
    receiver = Receiver()
    with running(receiver):
        worker = Worker(receiver.url, WORKER_PROCESSES)
        with running(worker):
            yield from _figures("bulk", receiver, sizes, 0.0)


def sparse(sizes: Sizes) -> Iterator[Figure]:
    fill.fill(sizes.sparse_businesses, 1, 1)
    receiver = Receiver()
    with running(receiver):
        worker = Worker(receiver.url, WORKER_PROCESSES)
        with running(worker):
            yield from _figures("sparse", receiver, sizes, sizes.sparse_delay)


def _figures(name: str, receiver: Receiver, sizes: Sizes, delay: float) -> Iterator[Figure]:
    variants = {f"{name}_events_per_s": True, f"{name}_first_contact_events_per_s": False}
    runs: dict[str, list[Run]] = {variant: [] for variant in variants}
    for _ in range(sizes.repetitions):
        for variant, known in variants.items():
            runs[variant].append(drain(receiver, delay, known))
            progress(f"{variant}: {runs[variant][-1].events_per_second:.0f}")
    for variant, found in runs.items():
        extra = {"events": found[0].events, "identifies": found[0].identifies, "requests": found[0].requests}
        yield of_runs(variant, [run.events_per_second for run in found], "events/s", **extra, processes=WORKER_PROCESSES)
