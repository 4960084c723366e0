"""Print figures as one JSON object per line, and progress on standard error."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    extra: dict[str, Any] = field(default_factory=dict)
    """What helps to judge the value: sizes, the value of each repetition, secondary values."""

    def as_line(self) -> str:
        return json.dumps(
            {"name": self.name, "value": rounded(self.value), "unit": self.unit} | self.extra
        )


def rounded(value: float) -> float:
    """Round to three significant digits; a shared machine cannot measure more."""
    return float(f"{value:.3g}")


def all_rounded(values: Sequence[float]) -> list[float]:
    return [rounded(value) for value in values]


def median_of_runs(name: str, values: Sequence[float], unit: str, **extra: Any) -> Figure:
    """Return a figure with the median of the repetitions, and their values as `runs`."""
    return Figure(name, median(values), unit, extra | {"runs": all_rounded(values)})


def print_figure(figure: Figure) -> None:
    print(figure.as_line(), flush=True)


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
