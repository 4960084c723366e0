"""How many rows a round takes, so that it is short on any machine."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from smrt_integration.delivery.load import MAX_ROWS_PER_LANE
from smrt_integration.delivery.messages import LaneMessages

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


@lru_cache(maxsize=1)
def pace_of_process() -> Pace:
    """Return the pace that all runs of this process share."""
    return Pace()


def rows_per_lane(lanes: Sequence[LaneMessages]) -> tuple[float, float]:
    """Return how many rows lanes such as these may have in their next round, and live ones of them.

    At least 1 each.
    """
    rows = sum(MAX_ROWS_PER_LANE if lane.has_more else lane.count for lane in lanes)
    live = sum(map(_live_rows, lanes))
    return max(1.0, rows / len(lanes)), max(1.0, live / len(lanes))


def _live_rows(lane: LaneMessages) -> int:
    live = sum(not message.row.is_bulk for message in lane.to_post)
    return MAX_ROWS_PER_LANE if lane.has_more and live == lane.count else live
