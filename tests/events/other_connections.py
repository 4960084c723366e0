"""What other processes do at the same time, as far as the database can tell: threads with connections of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")
WAIT_SECONDS = 20.0


def on_another_connection(action: Callable[[], T]) -> T:
    """Its result, once it is done."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(closing_connection, action).result(WAIT_SECONDS)


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Their results. All start at the same moment."""
    start = Barrier(len(actions))

    def begin(action: Callable[[], T]) -> T:
        start.wait(WAIT_SECONDS)
        return closing_connection(action)

    with ThreadPoolExecutor(len(actions)) as threads:
        return [
            done.result(WAIT_SECONDS)
            for done in [threads.submit(begin, action) for action in actions]
        ]


@contextmanager
def uncommitted(action: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Another process has done this in a transaction that is still open. It commits at the end of the block, or when it is told to."""
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
    """In a thread of a pool: its connection must not outlive the test."""
    try:
        return action()
    finally:
        connection.close()
