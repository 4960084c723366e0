"""What a run is told as: a line for each seed, and after a failure what one needs to read it."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chaos.account import Violation, clock
from chaos.evidence import Evidence, LogRow
from chaos.run import Outcome

MAX_VIOLATIONS: Final = 40
"""Printed for a seed; the file has all of them."""
MAX_STORIES: Final = 5
"""Customers whose whole story is printed: one fault usually concerns many."""

MAX_ACTIONS: Final = 150
TOO_MANY_ACTIONS: Final = "  See history.txt."

Changes = Mapping[str, Sequence[tuple[datetime, str]]]
"""User id -> when the customer was changed, and the new values."""


def summary(seed: int, outcome: Outcome) -> str:
    figures = outcome.figures
    found = outcome.violations
    verdict = _count(len(found), "VIOLATION") if found else "everything is accounted for"
    return (
        f"seed {seed}: {_count(figures['faults'], 'fault')}, "
        f"{_count(figures['occurrences'], 'occurrence')}, "
        f"{_count(figures['arrivals'], 'message')} accepted, "
        f"drained in {figures['drain_seconds']} s: {verdict}"
    )


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'S' if noun.isupper() else 's'}"


def failure(seed: int, outcome: Outcome) -> str:
    """Return the violations, the history, and the story of the first customers concerned."""
    users = [*dict.fromkeys(v.user_id for v in outcome.violations if v.user_id)]
    parts = [
        f"Violations of seed {seed}:",
        *_violations(outcome.violations),
        "",
        "Faults:",
        *outcome.history,
        "",
        "Actions:",
        *(outcome.actions if len(outcome.actions) <= MAX_ACTIONS else [TOO_MANY_ACTIONS]),
        "",
    ]
    for user_id in users[:MAX_STORIES]:
        parts += [f"Customer {user_id}:", *story(user_id, outcome.evidence, outcome.changes), ""]
    return "\n".join(parts)


def story(user_id: str, evidence: Evidence, changes: Changes) -> list[str]:
    """Return what happened to one customer: what was committed, what arrived, what was logged."""
    lines = [
        (t.occurred_at, f"committed  {t.event}, row {t.subject_id}, transaction {t.transaction}")
        for t in evidence.truths
        if t.user_id == user_id
    ]
    lines += [(at, f"changed    {values}") for at, values in changes.get(user_id, ())]
    lines += [
        (a.at, f"arrived    {a.event} {a.message_id}, number {a.number}")
        for a in evidence.arrivals
        if a.user_id == user_id
    ]
    of_user = {row.message_id for row in evidence.log if row.user_id == user_id}
    of_user |= {a.message_id for a in evidence.arrivals if a.user_id == user_id}
    lines += [
        (refusal.at, f"refused    {', '.join(ids)}, of {len(refusal.message_ids)} messages")
        for refusal in evidence.refusals
        if (ids := [one for one in refusal.message_ids if one in of_user])
    ]
    lines += [(row.settled_at, _logged(row)) for row in evidence.log if row.user_id == user_id]
    return [f"  {clock(at)}  {text}" for at, text in sorted(lines)]


def _logged(row: LogRow) -> str:
    return (
        f"logged     {row.event} {row.message_id} {row.outcome} after {row.attempts} attempts "
        f"({row.reason or 'no reason'}), row {row.subject_id}"
    )


def keep(
    folder: Path, seed: int, outcome: Outcome, logs: Sequence[Path], servers: Sequence[Path]
) -> Path:
    """Keep everything about a failed run in a folder of its own. Returns the folder.

    The logs of `servers` are all named `log`, in a folder that is named after the server.
    """
    kept = folder / f"seed-{seed}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    kept.mkdir(parents=True)
    for log in filter(Path.exists, logs):
        shutil.copy(log, kept)
    for log in filter(Path.exists, servers):
        shutil.copy(log, kept / f"{log.parent.name}.log")
    users = dict.fromkeys(v.user_id for v in outcome.violations if v.user_id)
    stories = [
        line
        for user_id in users
        for line in (
            f"Customer {user_id}:",
            *story(user_id, outcome.evidence, outcome.changes),
            "",
        )
    ]
    violations = [f"  {v.check}: {v.text} {v.user_id}" for v in outcome.violations]
    (kept / "history.txt").write_text(
        "\n".join(
            [
                summary(seed, outcome),
                *violations,
                "",
                *outcome.history,
                "",
                *stories,
                "Actions:",
                *outcome.actions,
            ]
        )
    )
    return kept


def _violations(violations: Sequence[Violation]) -> list[str]:
    lines = [
        f"  {v.check}: {v.text}" + (f" Customer {v.user_id}." if v.user_id else "")
        for v in violations[:MAX_VIOLATIONS]
    ]
    if len(violations) > MAX_VIOLATIONS:
        lines.append(f"  ... and {len(violations) - MAX_VIOLATIONS} more")
    return lines
