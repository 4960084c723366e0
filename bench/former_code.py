"""What became of the figures: the present code against former code, in turns in one run.

The former code is checked out in a git worktree, and its own benchmark measures it.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from bench.figures import Figure, all_rounded, progress
from bench.sizes import QUICK, Sizes

PROJECT: Final = Path(__file__).parents[1]
FORMER: Final = "cbe6b826df95cd4ab66c84ef37b2ea1efd11ac98"
"""The last commit before live events went first and events were made cheaper."""
COMPARED: Final = {"bulk": "bulk_events_per_s", "api": "api_orders_per_s"}
"""Part of the benchmark -> the figure of it whose ratio is printed."""


def measure_ratios(sizes: Sizes) -> Iterator[Figure]:
    """Measure both in turn. Without the former commit, say so and measure nothing."""
    if not _has_former_code():
        progress("This clone has no former code to compare with: it is shallow. No ratio is given.")
        return
    options = ["--quick"] if sizes is QUICK else []
    with _former_code() as former:
        for part, name in COMPARED.items():
            runs: dict[Path, list[float]] = {PROJECT: [], former: []}
            for _ in range(sizes.repetitions):
                for folder, values in runs.items():
                    values.append(_measured(folder, part, name, options))
            ratios = [now / then for now, then in zip(*runs.values(), strict=True)]
            yield Figure(
                f"{part}_ratio_to_former_code",
                median(ratios),
                "ratio",
                {
                    "runs": all_rounded(ratios),
                    name: all_rounded(runs[PROJECT]),
                    f"former_{name}": all_rounded(runs[former]),
                },
            )


def _has_former_code() -> bool:
    command = ["git", "cat-file", "-e", f"{FORMER}^{{commit}}"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, check=False).returncode == 0


@contextmanager
def _former_code() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        worktree = Path(folder) / "former"
        _git("worktree", "add", "--quiet", "--detach", str(worktree), FORMER)
        try:
            yield worktree
        finally:
            _git("worktree", "remove", "--force", str(worktree))


def _git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=PROJECT, check=True)


def _measured(folder: Path, part: str, name: str, options: list[str]) -> float:
    """Return the figure as the benchmark in this folder prints it."""
    printed = subprocess.run(
        [sys.executable, "-m", "bench", part, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    figures = {figure["name"]: figure["value"] for figure in map(json.loads, printed.splitlines())}
    progress(f"{name} in {folder.name}: {figures[name]}")
    return float(figures[name])
