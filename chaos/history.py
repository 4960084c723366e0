"""The history of a run: what the run did, and when."""

import time
from datetime import UTC, datetime


class History:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def note(self, text: str) -> None:
        """Add a line with the clock, which the log and the journal have, too."""
        now = datetime.now(UTC)
        self.lines.append(
            f"{now:%H:%M:%S}.{now.microsecond // 1000:03} {self.seconds:6.2f} s  {text}"
        )
