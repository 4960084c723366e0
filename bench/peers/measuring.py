"""Start the peers, and measure them on the orders in the database."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module

from django.db import connection

from bench import fill
from bench.figures import Figure
from bench.programs import Program, Receiver, Worker, running, wait_until

PROCESSES = 2
"""As many as our worker has (`throughput.WORKER_PROCESSES`)."""
QUIET_SECONDS = 2.0
"""Longer than the SDK's thread holds a message before it posts (0.5 s)."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A design to compare with."""

    name: str
    measure: Callable[[], float]
    """Returns events per second."""


def task_per_event_peer(receiver: Receiver, events: int) -> Peer:
    return Peer("task_per_event", partial(_measure_tasks, receiver, "task_per_event", events))


def sdk_queue_peer(receiver: Receiver, events: int) -> Peer:
    return Peer("sdk_queue", partial(_measure_tasks, receiver, "sdk_queue", events))


@contextmanager
def post_only_peer(receiver: Receiver) -> Iterator[Peer]:
    """Start the programs that post; they build their batches from what waits now."""
    fill.empty_outbox_and_log(identified=True)
    events = fill.fill_outbox()
    environment = {"SEGMENT_HOST": receiver.url}
    posters = [
        Program("bench.peers.post_only", str(part), str(PROCESSES), environment=environment)
        for part in range(PROCESSES)
    ]
    with running(*posters):
        for poster in posters:
            poster.wait_for_output("ready.")
        yield Peer("post_only", partial(_measure_posts, receiver, posters, events))


def _measure_posts(receiver: Receiver, posters: list[Program], events: int) -> float:
    receiver.reset()
    started = time.monotonic()
    for poster in posters:
        poster.write_input("post\n")
    receiver.wait_for(events)
    return events / (time.monotonic() - started)


def _measure_tasks(receiver: Receiver, name: str, events: int) -> float:
    """Publish the tasks, then measure the worker. Publishing is not counted."""
    receiver.reset()
    _publish(name, events)
    worker = _start_worker(receiver, name)
    started = time.time()
    with running(worker):
        ended: float = receiver.wait_for(events)["last_at"]
    return events / (ended - started)


def _start_worker(receiver: Receiver, name: str) -> Worker:
    return Worker(receiver.url, PROCESSES, f"bench.peers.{name}")


def _publish(name: str, events: int) -> None:
    """Publish a task for each of the first `events` orders."""
    module = import_module(f"bench.peers.{name}")
    for order_id in _order_ids(events):
        module.order_returned.delay(order_id)


def _order_ids(events: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers_order ORDER BY id LIMIT %s", [events])
        return [row[0] for row in cursor.fetchall()]


def count_lost_by_sdk_queue(receiver: Receiver, events: int) -> Figure:
    """Count the events that never arrive when the worker's processes are killed half-way.

    The operating system kills processes like this when memory runs out.
    """
    receiver.reset(keep_orders=True)
    _publish("sdk_queue", events)
    worker = _start_worker(receiver, "sdk_queue")
    with running(worker):
        receiver.wait_for(events // 2)
        for pid in worker.children:
            os.kill(pid, signal.SIGKILL)
        _wait_until_quiet(receiver)
    arrived = len(receiver.counts()["arrivals"])
    return Figure(
        "sdk_queue_lost_when_killed",
        events - arrived,
        "events",
        {"events": events, "killed_after": events // 2},
    )


def _wait_until_quiet(receiver: Receiver) -> None:
    wait_until(
        lambda: time.time() - receiver.counts()["last_at"] > QUIET_SECONDS,
        "no more events arrive",
        every=0.1,
    )
