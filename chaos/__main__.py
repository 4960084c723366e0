"""`make chaos ARGS="--seeds 60 --seconds 60 --first 1"`: break the system, and make the account."""

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from chaos import clock, report
from chaos.cluster import Size, running_cluster
from chaos.faults import FaultRates, plan
from chaos.inject import CLOCK_KIND
from chaos.programs import PROJECT
from chaos.results import Result, Results, count_by_check, current_commit
from chaos.run import Run

FOLDER: Final = PROJECT / ".dev" / "chaos"
PER_MINUTE: Final = FaultRates(programs=14, servers=8, segment=24)
"""Faults in a minute. With more, no program would live long enough to do anything."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How each seed is run, and where its results are kept."""

    seconds: float
    size: Size = field(default_factory=Size)
    per_minute: FaultRates = PER_MINUTE
    folder: Path = FOLDER


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    settings = Settings(options.seconds, Size(rate=options.rate))
    results, commit = Results(settings.folder / "results.jsonl"), current_commit()
    done = set() if options.again else results.seeds(options.seconds, commit)
    wanted = range(options.first, options.first + options.seeds)
    if skipped := done & set(wanted):
        print(f"{len(skipped)} seeds have a result for {commit} already; --again repeats them.")
    if not clock.can_be_wrong():
        print(f"Left out here: {CLOCK_KIND}. It needs a C compiler named cc.")
    found = False
    for seed in (seed for seed in wanted if seed not in done):
        try:
            result = run_seed(seed, settings, commit)
        except KeyboardInterrupt:
            return 130
        except Exception as error:  # noqa: BLE001 - the other seeds are run all the same
            traceback.print_exc()
            result = Result(seed, settings.seconds, commit, _now(), {"run": 1}, [str(error)[:300]])
        results.append(result)
        found = found or bool(result.violations)
    return 1 if found else 0


def run_seed(seed: int, settings: Settings, commit: str) -> Result:
    """Run one seed, and tell what it found."""
    at = _now()
    without = [] if clock.can_be_wrong() else [CLOCK_KIND]
    faults = plan(seed, settings.seconds, settings.per_minute, without)
    with running_cluster(seed, settings.size) as cluster:
        outcome = Run(cluster, faults, settings.seconds).run()
        print(report.summary(seed, outcome), flush=True)
        if outcome.violations:
            print(report.failure(seed, outcome))
            logs = [program.log for program in cluster.programs.values()]
            servers = [s.log for s in (cluster.database.server, cluster.redis) if s]
            kept = report.keep(settings.folder, seed, outcome, logs, servers)
            print(f"The logs of all programs are in {kept}.", flush=True)
    return Result(
        seed,
        settings.seconds,
        commit,
        at,
        count_by_check(outcome.violations),
        [violation.text[:300] for violation in outcome.violations[:5]],
        outcome.figures,
    )


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="how long each acts (default: %(default)s)"
    )
    parser.add_argument("--rate", type=float, default=Size().rate, help="actions a second")
    parser.add_argument(
        "--again", action="store_true", help="also run seeds that have a result of this commit"
    )
    return parser


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
