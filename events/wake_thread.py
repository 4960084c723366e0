"""A thread that wakes workers after commits, so that no save waits for Redis or the broker.

Requests are coalesced: those that come while one is being made need no more than one after it.
"""

import atexit
import os
import threading
from collections.abc import Callable
from typing import Final

SECONDS_AT_EXIT: Final = 1.0
"""How long a process that ends waits for the last wake-up: several times what one takes when Redis
and the broker answer."""


class WakeThread:
    """Calls `wake` in a daemon thread of this process, which starts with the first request.

    A process that forks begins anew in its child. `is_synchronous` makes a request call `wake`
    itself: for processes that end without running what `atexit` registered, as a worker's do.
    """

    def __init__(self, wake: Callable[[], object]) -> None:
        self.is_synchronous = False
        self._wake = wake
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)
        atexit.register(self.finish, SECONDS_AT_EXIT)

    def request(self) -> None:
        """Have the workers woken soon. Raises nothing."""
        if self.is_synchronous or not self._is_started():
            self._wake()
            return
        with self._changed:
            self._requested += 1
            self._changed.notify_all()

    def finish(self, seconds: float | None = None) -> bool:
        """Wait until all requests so far are made. Returns False if that takes longer."""
        with self._changed:
            requested = self._requested
            return self._changed.wait_for(lambda: self._made >= requested, seconds)

    def _begin_anew(self) -> None:
        self._changed = threading.Condition()
        self._requested = self._made = 0
        self._thread: threading.Thread | None = None

    def _is_started(self) -> bool:
        if self._thread is None:
            with self._changed:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="wake", daemon=True)
                    try:
                        thread.start()
                    except RuntimeError:
                        # The process is ending, or has no thread left.
                        return False
                    self._thread = thread
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._made < self._requested)
                requested = self._requested
            self._wake()
            with self._changed:
                self._made = requested
                self._changed.notify_all()
