"""Log the outage of a server in few lines: one when it begins, one when it ends, counts between.

Each process logs for itself. Nothing here decides what to do meanwhile.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

COUNT_SECONDS: Final = 60.0
"""A lasting outage is counted in the log this often."""
MAX_OUTAGES_PER_COUNT: Final = 3
"""Outages with lines of their own within COUNT_SECONDS. A server that comes and goes all the time
is logged as one outage that lasts."""


class Outage:
    """Whether this process can use one server. Its methods may be called from any thread."""

    def __init__(
        self, server: str, clock: Callable[[], float] = time.monotonic, **context: int | str
    ) -> None:
        """`server`: "redis", "broker", "database"... `context` is logged with each line."""
        self._context = {"server": server, **context}
        self._clock = clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._lines: deque[float] = deque(maxlen=MAX_OUTAGES_PER_COUNT)
        self._is_logged = False
        self._failures = 0

    @property
    def is_under_way(self) -> bool:
        return self._since is not None

    def failed(self, error: BaseException | str) -> None:
        """Note that the server could not be used. Of an exception, only the type is logged.

        Its text may quote a row, a key or an address with a password.
        """
        with self._lock:
            now = self._clock()
            self._failures += 1
            self._since = now if self._since is None else self._since
            if self._is_quiet(now):
                return
            self._lines.append(now)
            name = error if isinstance(error, str) else type(error).__name__
            if self._is_logged:
                log.warning("server_still_away", error=name, **self._counts(now), **self._context)
            else:
                log.warning("server_away", error=name, **self._context)
            self._is_logged = True

    def worked(self) -> None:
        """Note that the server could be used. Costs next to nothing while there is no outage."""
        if self._since is None:
            return
        with self._lock:
            if self._is_logged:
                log.warning("server_back", **self._counts(self._clock()), **self._context)
                self._failures = 0
            self._since, self._is_logged = None, False

    def _is_quiet(self, now: float) -> bool:
        """Return whether the next line has to wait: for the next count, or after many outages."""
        if self._is_logged:
            return now - self._lines[-1] < COUNT_SECONDS
        many = len(self._lines) == MAX_OUTAGES_PER_COUNT
        return many and now - self._lines[0] < COUNT_SECONDS

    def _counts(self, now: float) -> dict[str, float]:
        since = now if self._since is None else self._since
        return {"failures": self._failures, "seconds": round(now - since, 1)}
