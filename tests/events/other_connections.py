"""Act as other processes would: in threads with database connections of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")
WAIT_SECONDS = 20.0


def on_another_connection(action: Callable[[], T]) -> T:
    """Run the action to its end on another connection. Returns its result."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(closing_connection, action).result(WAIT_SECONDS)


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Start all actions at the same moment. Returns their results."""
    start = Barrier(len(actions))

    def start_together(action: Callable[[], T]) -> T:
        start.wait(WAIT_SECONDS)
        return closing_connection(action)

    with ThreadPoolExecutor(len(actions)) as threads:
        return [
            done.result(WAIT_SECONDS)
            for done in [threads.submit(start_together, action) for action in actions]
        ]


@contextmanager
def uncommitted(action: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Run the action on another connection, in a transaction that stays open.

    It commits at the end of the block, or when the yielded function is called.
    """
    done, end = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            action()
            done.set()
            end.wait(WAIT_SECONDS)

    with ThreadPoolExecutor(1) as thread:
        holding: Future[None] = thread.submit(closing_connection, hold)
        try:
            done.wait(WAIT_SECONDS)

            def commit() -> None:
                end.set()
                holding.result(WAIT_SECONDS)

            yield commit
        finally:
            end.set()
        holding.result(WAIT_SECONDS)


def closing_connection(action: Callable[[], T]) -> T:
    """Run it in a thread whose connection must not outlive the test."""
    try:
        return action()
    finally:
        connection.close()
