"""Turns: how many requests of one business a web process handles at a time.

What one business could take from the others are the threads of a web process. So each process
counts for itself: the counts need no server that could be away, and end with the process. Large
requests also take processors, so they have one turn over all processes: `customers.large_turns`.
"""

import threading
from collections import Counter
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from django.core.signals import request_finished, request_started

from customers.large_turns import (
    LargeTurn,
    give_back_large_turn,
    give_back_owed_turns,
    take_large_turn,
)

WAIT_SECONDS: Final = 2.0
"""A till's call takes less than a tenth of a second, so a burst of them passes within this time.
Clients repeat a call that is refused, which costs more than waiting."""
RETRY_REFUSED_AFTER_SECONDS: Final = 1


class Bounds(NamedTuple):
    """How many requests of one name may be in progress at a time in one process."""

    admitted: int
    """Of one business, with those that wait for their turn: half of the threads."""
    business: int
    key: int
    """Of one API key: fewer, so that a program that runs wild leaves a turn to the business's
    other programs and people."""
    large: int = 1
    """Of one business: long lists and bodies. Over all processes, too: see `large_turns`."""


class TooManyInProgress(Exception):
    """Others of the same business are in progress. This request was not begun."""


def bounds_for(threads: int) -> Bounds:
    half = max(1, threads // 2)
    return Bounds(admitted=half, business=max(1, half - 1), key=max(1, threads // 4))


class InProgress:
    """The requests that are admitted, by business and key."""

    def __init__(self) -> None:
        self.bounds: Bounds | None = None
        """None where no pool of threads is shared: in tests and with `runserver`."""
        self._counts: Counter[str] = Counter()
        self._changed = threading.Condition()

    def enter(self, business: str, key: str | None, *, large: bool) -> list[str]:
        """Wait for a turn. Returns the names to leave with. Raises TooManyInProgress."""
        if self.bounds is None:
            return []
        admitted = f"{business} admitted"
        turns = {business: self.bounds.business}
        if key is not None:
            turns[key] = self.bounds.key
        if large:
            turns[f"{business} large"] = self.bounds.large
        with self._changed:
            if self._counts[admitted] >= self.bounds.admitted:
                raise TooManyInProgress
            self._counts[admitted] += 1
            if not self._changed.wait_for(lambda: self._are_free(turns), WAIT_SECONDS):
                self._release([admitted])
                raise TooManyInProgress
            self._counts.update(turns.keys())
        return [admitted, *turns]

    def leave(self, names: Iterable[str]) -> None:
        with self._changed:
            self._release(names)
            self._changed.notify_all()

    def _are_free(self, turns: dict[str, int]) -> bool:
        return all(self._counts[name] < most for name, most in turns.items())

    def _release(self, names: Iterable[str]) -> None:
        for name in names:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]


class Turn(NamedTuple):
    """What a request gives back when its response has been sent."""

    business: str
    names: list[str]
    large: LargeTurn | None


in_progress: Final = InProgress()
_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


def share_threads(threads: int) -> None:
    """Let each business use at most half of so many threads from now on."""
    in_progress.bounds = bounds_for(threads)


def take_turn(business: object, key: object = None, *, large: bool = False) -> None:
    """Count the current request until its response has been sent. Later calls do nothing.

    Raises TooManyInProgress when it has waited for its turn for WAIT_SECONDS, or when too many
    wait already.
    """
    if _turn.get() is not None or in_progress.bounds is None:
        return
    business_name = f"business {business}"
    names = in_progress.enter(business_name, None if key is None else f"key {key}", large=large)
    large_turn = take_large_turn(business_name, WAIT_SECONDS) if large else None
    if large and large_turn is None:
        in_progress.leave(names)
        raise TooManyInProgress
    _turn.set(Turn(business_name, names, large_turn))


def _leave(**kwargs: Any) -> None:
    """Django sends the signal in the thread of the request, when the response is closed."""
    turn = _turn.get()
    if turn is None:
        return
    _turn.set(None)
    try:
        # first, while this process lets no other large request of the business begin
        if turn.large is not None:
            give_back_large_turn(turn.business, turn.large)
        give_back_owed_turns()
    finally:
        in_progress.leave(turn.names)


request_finished.connect(_leave)
# in case that a server did not close the last response of this thread
request_started.connect(_leave)
