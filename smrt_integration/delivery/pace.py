"""How many rows a round takes, so that it is short on any machine."""

from typing import Final

ROUND_SECONDS: Final = 0.25
"""What happens live meanwhile waits until the round ends, and for its own."""
MOST_ROWS: Final = 2_000
"""Enough to share a round's queries, and few enough to leave work for a second process."""
FEWEST_ROWS: Final = 250
"""Below, the queries of a round would cost more than its rows."""


class Pace:
    """The number of rows for the next round, from how long the rounds before took.

    A track of a known customer takes some 40 us, an identify ten times as long, and on a machine
    whose processors are shared each may take several times longer.
    """

    def __init__(self) -> None:
        self.rows = MOST_ROWS

    def note(self, rows: int, seconds: float) -> None:
        """Learn from a round. It may be twice as large as the last, and half as large or less."""
        if rows >= FEWEST_ROWS // 2:
            wanted = int(rows * ROUND_SECONDS / max(seconds, 0.001))
            self.rows = max(FEWEST_ROWS, min(wanted, 2 * self.rows, MOST_ROWS))
