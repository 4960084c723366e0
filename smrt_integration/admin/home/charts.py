"""The geometry of the bar chart.

The page draws it as SVG: no script, and the table beside it has the same numbers.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

CHART_HEIGHT: Final = 120
COLUMN_WIDTH: Final = 20
BAR_WIDTH: Final = 14
STACKED_OUTCOMES: Final = ("accepted", "skipped", "unconfirmed", "rejected", "expired")
"""The parts of a bar, from the bottom up."""
MIN_PART_HEIGHT: Final = 2.0
"""One message among thousands is still visible at this height."""


@dataclass(frozen=True, slots=True)
class BarPart:
    outcome: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    day: date
    x: int
    counts: Counter[str]
    parts: list[BarPart]


@dataclass(frozen=True, slots=True)
class Chart:
    columns: list[Column]
    maximum: int
    """The number at the top of the chart."""

    @property
    def width(self) -> int:
        return COLUMN_WIDTH * len(self.columns)


def chart(days: Sequence[tuple[date, Counter[str]]]) -> Chart:
    maximum = round_up(max((counts.total() for _, counts in days), default=0))
    return Chart(
        [
            Column(
                day,
                COLUMN_WIDTH * n + (COLUMN_WIDTH - BAR_WIDTH) // 2,
                counts,
                _bar_parts(counts, maximum),
            )
            for n, (day, counts) in enumerate(days)
        ],
        maximum,
    )


def _bar_parts(counts: Counter[str], maximum: int) -> list[BarPart]:
    parts, bottom = [], float(CHART_HEIGHT)
    for outcome in STACKED_OUTCOMES:
        if counts[outcome]:
            height = max(MIN_PART_HEIGHT, round(CHART_HEIGHT * counts[outcome] / maximum, 1))
            bottom = max(0.0, round(bottom - height, 1))
            parts.append(BarPart(outcome, bottom, height))
    return parts


def round_up(count: int) -> int:
    """Return the next round number, so that the highest bar nearly fills the chart."""
    size = 1
    while True:
        for first in (1, 2, 3, 4, 5, 6, 8):
            if first * size >= count:
                return first * size
        size *= 10


def percentage(count: int, maximum: int) -> float:
    """Return the width of a bar in percent: at least 1 for a count that is not 0."""
    return max(1.0, round(100 * count / maximum, 1)) if count and maximum else 0.0
