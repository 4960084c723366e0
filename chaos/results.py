"""The results of all seeds, one line of JSON each. A run that was stopped goes on after them."""

import fcntl
import json
import subprocess
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chaos.account import Violation
from chaos.programs import PROJECT


@dataclass(frozen=True, slots=True)
class Result:
    """What one seed found. `violations` counts them by check; `first` has the first texts."""

    seed: int
    seconds: float
    commit: str
    at: str
    violations: dict[str, int] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


class Results:
    """A file of results. Several runs may append to it at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, result: Result) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(json.dumps(asdict(result)) + "\n")

    def seeds(self, seconds: float, commit: str) -> set[int]:
        """Return the seeds that have a result of such a run of this commit."""
        if not self._path.exists():
            return set()
        lines = map(json.loads, self._path.read_text().splitlines())
        return {
            line["seed"] for line in lines if (line["seconds"], line["commit"]) == (seconds, commit)
        }


def count_by_check(violations: list[Violation]) -> dict[str, int]:
    return dict(Counter(violation.check for violation in violations))


def current_commit() -> str:
    """Return the commit of this folder, marked if there are changes; "" outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return ended.stdout.strip()
