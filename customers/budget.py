"""How long a piece of work may take before it lets others go first."""

import time
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

Item = TypeVar("Item")


class Budget:
    """Seconds for one piece of a longer work, counted from now. Without a number, no limit.

    The work asks between two steps, each well below a second, and stops when the time is spent.
    What it has done by then is committed, and its next run goes on.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self.has_limit = seconds is not None
        self.left_work = False
        """Whether the work was told to stop, or says itself that there is more to do."""

    def is_spent(self) -> bool:
        """Return whether to stop here. Ask only when there is, or may be, another step."""
        is_spent = self._deadline is not None and time.monotonic() >= self._deadline
        if is_spent:
            self.leave_work()
        return is_spent

    def leave_work(self) -> None:
        """Note that there is more to do, which the next run does."""
        self.left_work = True

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield items while there is time, and the first in any case: so each run gets on."""
        for number, item in enumerate(items):
            if number and self.is_spent():
                return
            yield item


NO_TIME_LIMIT: Final = Budget()
"""For a run that ends when its work does. Nobody asks such a run whether it left work."""
