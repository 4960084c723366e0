"""What the bench prints: one JSON object per line on standard output, and what it is doing on standard error."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    extra: dict[str, Any] = field(default_factory=dict)
    """What one needs to know to judge the value: sizes, the single repetitions, what was not counted."""

    def as_line(self) -> str:
        return json.dumps(
            {"name": self.name, "value": rounded(self.value), "unit": self.unit} | self.extra
        )


def rounded(value: float) -> float:
    """Three significant digits: what a shared machine can promise at best."""
    return float(f"{value:.3g}")


def all_rounded(values: Sequence[float]) -> list[float]:
    return [rounded(value) for value in values]


def median_of_runs(name: str, values: Sequence[float], unit: str, **extra: Any) -> Figure:
    """The median of repetitions, with the repetitions."""
    return Figure(name, median(values), unit, extra | {"runs": all_rounded(values)})


def print_figure(figure: Figure) -> None:
    print(figure.as_line(), flush=True)


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
