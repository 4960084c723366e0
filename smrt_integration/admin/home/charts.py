"""Where the bars of a chart stand. The page draws them as SVG: no script, and nothing that a table beside it does not say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

HEIGHT: Final = 120
STEP: Final = 20
BAR: Final = 14
# From the ground up.
OUTCOMES: Final = ("accepted", "skipped", "rejected", "expired")
# So that one message among thousands is still seen.
LEAST: Final = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    outcome: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    day: date
    x: int
    counts: Counter[str]
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Columns:
    columns: list[Column]
    most: int
    """At the top of the chart."""

    @property
    def width(self) -> int:
        return STEP * len(self.columns)


def columns(days: Sequence[tuple[date, Counter[str]]]) -> Columns:
    most = top(max((counts.total() for _, counts in days), default=0))
    return Columns(
        [
            Column(day, STEP * n + (STEP - BAR) // 2, counts, _parts(counts, most))
            for n, (day, counts) in enumerate(days)
        ],
        most,
    )


def _parts(counts: Counter[str], most: int) -> list[Part]:
    parts, ground = [], float(HEIGHT)
    for outcome in OUTCOMES:
        if counts[outcome]:
            height = max(LEAST, round(HEIGHT * counts[outcome] / most, 1))
            ground = max(0.0, round(ground - height, 1))
            parts.append(Part(outcome, ground, height))
    return parts


def top(most: int) -> int:
    """The next round number, so that the highest bar is not much lower than the chart."""
    size = 1
    while True:
        for first in (1, 2, 3, 4, 5, 6, 8):
            if first * size >= most:
                return first * size
        size *= 10


def share(count: int, most: int) -> float:
    """Of a bar 100 wide."""
    return max(1.0, round(100 * count / most, 1)) if count and most else 0.0
