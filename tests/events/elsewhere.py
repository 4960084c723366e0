"""What other processes do at the same time, as far as the database can tell: threads with connections of their own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Event
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")
PATIENCE = 20.0


def elsewhere(action: Callable[[], T]) -> T:
    """Its result, once it is done."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(closing, action).result(PATIENCE)


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Their results. All start at the same moment."""
    start = Barrier(len(actions))

    def begin(action: Callable[[], T]) -> T:
        start.wait(PATIENCE)
        return closing(action)

    with ThreadPoolExecutor(len(actions)) as threads:
        return [
            done.result(PATIENCE) for done in [threads.submit(begin, action) for action in actions]
        ]


@contextmanager
def uncommitted(action: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Another process has done this in a transaction that is still open. It commits at the end of the block, or when it is told to."""
    done, end = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            action()
            done.set()
            end.wait(PATIENCE)

    with ThreadPoolExecutor(1) as thread:
        holding: Future[None] = thread.submit(closing, hold)
        try:
            done.wait(PATIENCE)

            def commit() -> None:
                end.set()
                holding.result(PATIENCE)

            yield commit
        finally:
            end.set()
        holding.result(PATIENCE)


def closing(action: Callable[[], T]) -> T:
    """In a thread of a pool: its connection must not outlive the test."""
    try:
        return action()
    finally:
        connection.close()
