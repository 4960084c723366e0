"""Chores: all tasks but `deliver`. At most one process of a worker does one, the others deliver.

Sweeps, texts, exports and jobs can take minutes when much is due, and a live event must not wait
for them. So a chore works for CHORE_SECONDS at a time, and then goes to the end of the queue. In
each worker one process at a time has the turn to do a chore. A chore that comes while another
process has the turn is noted, and done after it; nothing waits for the turn.
"""

import fcntl
import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Final

from customers.budget import Budget
from events import wake
from smrt_integration.due_task import DueTask

CHORE_SECONDS: Final = 2.0
"""After this long a chore stops and publishes itself again, behind what waits in the queue."""
MAX_CHORES: Final = 64


class ChoreTurn:
    """The turn to do a chore: which process of a worker has it, and which chores wait for it.

    The main process creates it, and the children inherit it. PostgreSQL and Redis are not asked:
    the turn belongs to one worker, and a killed process loses it at once, because the kernel ends
    a process's locks with it.
    """

    def __init__(self) -> None:
        # Open as long as the process lives: closing it would end the lock.
        self._file, path = mkstemp()
        Path(path).unlink()
        # For a pool of threads: a process's locks do not exclude its own threads.
        self._thread_lock = threading.Lock()
        self._waiting = mmap.mmap(-1, MAX_CHORES)
        self._names: list[str] = []

    def register(self, name: str) -> None:
        """Give the chore its place. Called in the main process and, after a fork, the same."""
        if name not in self._names:
            if len(self._names) == MAX_CHORES:
                raise ValueError(f"There are more than {MAX_CHORES} chores. Raise MAX_CHORES.")
            self._names.append(name)

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Take the turn for the block, unless another process or thread has it."""
        if not self._thread_lock.acquire(blocking=False):
            yield False
            return
        try:
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            try:
                yield True
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()

    def note(self, name: str) -> None:
        self._waiting[self._names.index(name)] = 1

    def forget(self, name: str) -> None:
        self._waiting[self._names.index(name)] = 0

    def next_after(self, name: str) -> str | None:
        """Return the next chore that waits, in turn after this one, and forget it."""
        place = self._names.index(name)
        for other in (*self._names[place + 1 :], *self._names[: place + 1]):
            if self._waiting[self._names.index(other)]:
                self.forget(other)
                return other
        return None


chore_turn: Final = ChoreTurn()


class Chore(DueTask):
    """A task that calls its function with a Budget, one at a time in each worker."""

    typing = False
    """Celery does not compare arguments with the function's: who publishes gives no Budget."""

    @classmethod
    def on_bound(cls, app: Any) -> None:
        chore_turn.register(cls.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Noted first: whoever gives the turn back now then sees it.
        chore_turn.note(self.name)
        with chore_turn.taken() as is_ours:
            if not is_ours:
                return "another chore has the turn"
            result = self._work(*args, **kwargs)
        self._publish_next()
        return result

    def _work(self, *args: Any, **kwargs: Any) -> Any:
        chore_turn.forget(self.name)
        budget = Budget(CHORE_SECONDS)
        try:
            return super().__call__(budget, *args, **kwargs)
        finally:
            if budget.left_work:
                chore_turn.note(self.name)

    def _publish_next(self) -> None:
        """Publish the chore that is next. Without the broker it waits for the next tick."""
        if (name := chore_turn.next_after(self.name)) and not wake.publish(name):
            chore_turn.note(name)
