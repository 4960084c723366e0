"""One run: act and break for a while, let everything drain, and make the account."""

import heapq
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, Final

from chaos import journal
from chaos.account import Account, Violation
from chaos.cluster import Cluster
from chaos.drain import Drain
from chaos.evidence import Evidence
from chaos.faults import PlannedFault
from chaos.history import History
from chaos.inject import Injector, NotNow
from chaos.programs import ManagedProgram

TICK_SECONDS: Final = 0.02
RESTART_SECONDS: Final = 1.0
"""A program that ended by itself is started again after this, as a supervisor does it."""
CHILD_LOST: Final = "Could not start worker processes"
CHILD_START_SECONDS: Final = 15.0
"""A busy machine takes as long to start a child."""
FINISH_SECONDS: Final = 4.0
"""What a writer may take to finish the action under way. Then it is killed, as at other times."""


@dataclass(slots=True)
class Outcome:
    """What a run found. `history` has the faults, `actions` what the writers did."""

    violations: list[Violation]
    evidence: Evidence
    history: list[str]
    actions: list[str]
    changes: Mapping[str, Sequence[tuple[datetime, str]]]
    figures: dict[str, Any] = field(default_factory=dict)


class Run:
    def __init__(self, cluster: Cluster, faults: Sequence[PlannedFault], seconds: float) -> None:
        self.cluster = cluster
        self.injector = Injector(cluster)
        self.history = History()
        self.troubles: list[str] = []
        self.done: Counter[str] = Counter()
        self._seconds = seconds
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        for fault in faults:
            self._at(fault.at, lambda fault=fault: self._inject(fault))  # type: ignore[misc]

    def run(self) -> Outcome:
        self.cluster.start_writers()
        self.history = History()
        self.history.note("everything is ready, and the writers act")
        while self.history.seconds < self._seconds or self._due:
            self._tick()
        acted = self.history.seconds
        self._stop_writers()
        self.history.note("the faults and the writers have ended, everything drains")
        evidence = Drain(self.cluster, self._tick).run()
        drained = self.history.seconds - acted
        evidence = replace(evidence, troubles=[*self.troubles, *self._troubles_of_writers()])
        violations = Account(evidence).violations()
        figures = {
            "faults": sum(self.done.values()),
            "occurrences": len(evidence.truths),
            "arrivals": len(evidence.arrivals),
            "drain_seconds": round(drained, 1),
            "outcomes": dict(Counter(row.outcome for row in evidence.log)),
            "kinds": dict(self.done),
        }
        with self.cluster.connect() as connection:
            users = sorted({violation.user_id for violation in violations})
            changes = journal.read_changes(connection, users)
        return Outcome(violations, evidence, self.history.lines, self._actions(), changes, figures)

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (seconds, next(self._numbers), act))

    def _tick(self) -> None:
        while self._due and self._due[0][0] <= self.history.seconds:
            heapq.heappop(self._due)[2]()
        self._watch()
        time.sleep(TICK_SECONDS)

    def _inject(self, fault: PlannedFault) -> None:
        try:
            target, undo = self.injector.inject(fault)
        except NotNow as reason:
            self.history.note(f"left out: {fault.kind} ({reason})")
            return
        self.done[fault.kind] += 1
        self.history.note(f"{fault.kind}: {target}")

        def take_back() -> None:
            undo()
            if fault.seconds:
                self.history.note(f"over: {fault.kind}: {target}")

        self._at(self.history.seconds + fault.seconds, take_back)

    def _watch(self) -> None:
        """Notice programs that ended without a fault of ours, and start them again."""
        for program in self.cluster.programs.values():
            if program.starts and not program.is_running and not program.ended_by_us:
                program.ended_by_us = True
                trouble = f"{program.name} ended by itself with exit code {program.exit_code}."
                self.history.note(trouble)
                if not _is_documented(program):
                    self.troubles.append(f"{trouble} Its last lines:\n{_last_lines(program)}")
                self._at(self.history.seconds + RESTART_SECONDS, program.start)

    def _stop_writers(self) -> None:
        """Let the writers finish what they do."""
        writers = self.cluster.of("writer")
        for writer in writers:
            writer.ask_to_stop()
        deadline = time.monotonic() + FINISH_SECONDS
        while any(writer.is_running for writer in writers) and time.monotonic() < deadline:
            self._tick()
        for writer in writers:
            writer.stop(0.0)

    def _troubles_of_writers(self) -> list[str]:
        """Return what writers met that must not happen: errors but those of an absent server."""
        return [action for action in self._actions() if "unexpected" in action]

    def _actions(self) -> list[str]:
        """Return what the writers did, in the order of time."""
        return sorted(
            f"{line['at'][11:23]}  {writer.name}: {line['action']}: {line['outcome']}"
            for writer in self.cluster.of("writer")
            for line in _lines(writer)
        )


def _is_documented(program: ManagedProgram) -> bool:
    """Return whether a worker ended because a child of it was killed before it had started.

    Celery does that. A supervisor starts the worker again, as the units in deploy/systemd say.
    """
    has_lost_a_child = time.monotonic() - program.child_killed_at < CHILD_START_SECONDS
    return has_lost_a_child and CHILD_LOST in _last_lines(program, 60)


def _lines(writer: ManagedProgram) -> list[Mapping[str, Any]]:
    """Return the lines of a writer's output that are whole: it may have been killed."""
    lines = []
    for line in writer.printed.splitlines():
        if line.startswith("{") and line.endswith("}") and '"outcome"' in line:
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
    return lines


def _last_lines(program: ManagedProgram, number: int = 12) -> str:
    return "\n".join(f"    {line}" for line in program.printed.splitlines()[-number:])
