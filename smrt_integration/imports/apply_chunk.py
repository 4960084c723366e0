"""Write a chunk of lines: customers, lines and the position in the file, in one transaction.

A customer whom a save holds locked is not waited for: the line is postponed and tried at the end.
Only what the line brings is written, so a change that a till makes meanwhile stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final

from customers.by_index import by_index
from customers.models.consent import MAX_GIVEN_BY_LENGTH
from customers.storable import UNSTORABLE
from events.outbox import fan_out
from events.outbox.lock_timeout import lock_timeout
from events.sweeps.past import note_birthdays, note_lapses
from smrt_integration.imports import write_customers as write
from smrt_integration.imports.check_line import CheckedLine
from smrt_integration.imports.control import RUNS
from smrt_integration.imports.decide import LineDecision, Outcome, decide, refused
from smrt_integration.imports.find_duplicates import (
    email_of,
    note_duplicates,
    note_duplicates_in_file,
    phone_of,
)
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.stored import add_consents, find_ids, read_customers
from smrt_integration.imports.write_customers import as_json

State = CustomerImport.State

FIND_EARLIER: Final = """
SELECT external_id, number FROM smrt_integration_importline
WHERE customer_import_id = %s AND external_id = ANY (%s) AND NOT (external_id = '')
"""
DELETE_POSTPONED: Final = """
DELETE FROM smrt_integration_importline WHERE customer_import_id = %s AND number = ANY (%s)
"""
INSERT_LINES: Final = """
INSERT INTO smrt_integration_importline
    (customer_import_id, number, external_id, outcome, reason, duplicate_of, raw, phone, email)
SELECT %s, number, external_id, outcome, reason, '', raw, phone, email
FROM json_to_recordset(%s) AS line (
    number bigint, external_id text, outcome text, reason text, raw text, phone text, email text
)
"""
SET_DUPLICATES: Final = """
UPDATE smrt_integration_importline l SET duplicate_of = new.duplicate_of
FROM json_to_recordset(%s) AS new (number bigint, duplicate_of text)
WHERE l.customer_import_id = %s AND l.number = new.number
"""
SEEN_OF_LAPSES: Final = frozenset({"last_visit", "created_at", "visit_frequency"})
"""Columns that say when a customer counts as lost."""


class Applied(Enum):
    """How a chunk ended."""

    WRITTEN = auto()
    NOT_OURS = auto()
    """The import was paused or canceled, or another worker has it. Nothing was written."""


@dataclass(slots=True)
class Chunk:
    """Checked lines of the file, or postponed ones, and where the file goes on."""

    lines: list[CheckedLine]
    position: int
    line_number: int
    is_last: bool = False
    """Whether nothing of the file is left."""
    are_postponed: bool = False
    custom_names: Mapping[int, str] = field(default_factory=dict)
    """The business's custom fields by id."""
    birthday_field: int | None = None
    """The custom field whose birthdays are sent to Segment."""
    due_birthdays: Mapping[str, int] = field(default_factory=dict)
    """The days (MM-DD) whose birthdays were due before the import, each with its year."""


def apply_chunk(customer_import: CustomerImport, chunk: Chunk, now: datetime) -> Applied:
    """Write the chunk. Raises LockTimeout, and then nothing was written."""
    with lock_timeout() as cursor, by_index():
        # The lock keeps whoever pauses the import waiting until the chunk is written.
        locked = (
            CustomerImport.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk=customer_import.pk, lease_token=customer_import.lease_token, state__in=RUNS)
            .first()
        )
        if locked is None:
            return Applied.NOT_OURS
        numbers = [line.number for line in chunk.lines]
        if chunk.are_postponed:
            cursor.execute(DELETE_POSTPONED, [locked.pk, numbers])
        decisions = _decide_all(cursor, locked, chunk, now)
        if not locked.is_dry_run:
            _write(cursor, locked, chunk, decisions, now)
        _insert_lines(cursor, locked, decisions)
        _note_duplicates(cursor, locked, decisions)
        _count(locked, chunk, decisions, now)
    return Applied.WRITTEN


def _decide_all(
    cursor: Any, customer_import: CustomerImport, chunk: Chunk, now: datetime
) -> list[LineDecision]:
    valid = [line for line in chunk.lines if not line.reasons]
    external_ids = [line.external_id for line in valid]
    cursor.execute(FIND_EARLIER, [customer_import.pk, external_ids])
    first: dict[str, int] = dict(cursor.fetchall())
    ids = find_ids(cursor, customer_import.business_id, external_ids)
    stored = read_customers(
        cursor,
        sorted(ids.values()),
        lock=not customer_import.is_dry_run,
        with_custom=any(line.custom for line in valid),
    )
    consenting = {line.external_id for line in valid if line.consent}
    add_consents(stored, [ids[external_id] for external_id in consenting & ids.keys()])
    decisions: list[LineDecision] = []
    for line in chunk.lines:
        pk = ids.get(line.external_id)
        if not line.reasons and (earlier := first.get(line.external_id)):
            decision = refused(line, _repeated(line.external_id, earlier))
        elif pk is not None and pk not in stored:
            decision = LineDecision(line, Outcome.POSTPONED)
        else:
            decision = decide(line, stored.get(pk or 0), chunk.custom_names, now)
        if decision.outcome != Outcome.REFUSED:
            first[line.external_id] = line.number
        decisions.append(decision)
    return decisions


def _repeated(external_id: str, earlier: int) -> str:
    return (
        f"Line {earlier} of this file has the same external ID ({external_id}). Keep one of the "
        "two lines."
    )


def _write(
    cursor: Any,
    customer_import: CustomerImport,
    chunk: Chunk,
    decisions: Sequence[LineDecision],
    now: datetime,
) -> None:
    business_id = customer_import.business_id
    created = [each for each in decisions if each.outcome == Outcome.CREATED]
    ids = write.insert_customers(cursor, business_id, created)
    for decision in created:
        decision.customer_id = ids.get(decision.line.external_id)
        if decision.customer_id is None:
            # A till has created this customer since.
            decision.outcome = Outcome.POSTPONED
    created = [each for each in created if each.outcome == Outcome.CREATED]
    updated = [each for each in decisions if each.outcome == Outcome.UPDATED]
    write.update_customers(cursor, updated)
    written = [*created, *updated]
    write.upsert_custom_values(cursor, written, now)
    by = f"Import of {customer_import.file_name}"[:MAX_GIVEN_BY_LENGTH]
    write.insert_consents(written, business_id, by)
    write.insert_signups(cursor, _ids(each for each in created if "created_at" in each.line.values))
    note_lapses(
        business_id,
        _ids([*created, *(each for each in updated if each.values.keys() & SEEN_OF_LAPSES)]),
        now,
    )
    note_birthdays(
        {
            each.customer_id: chunk.due_birthdays[day]
            for each in written
            if each.customer_id is not None
            and (day := each.custom.get(chunk.birthday_field or 0, "")[-5:]) in chunk.due_birthdays
        }
    )
    fan_out.identify_known_customers(business_id, _ids(updated), now)


def _ids(decisions: Iterable[LineDecision]) -> list[int]:
    return sorted(each.customer_id for each in decisions if each.customer_id is not None)


def storable_text(text: str) -> str:
    """Return the text with a mark for each character that cannot be stored."""
    return UNSTORABLE.sub("\ufffd", text)


def _insert_lines(
    cursor: Any, customer_import: CustomerImport, decisions: Sequence[LineDecision]
) -> None:
    rows = [_line_row(decision, customer_import.is_dry_run) for decision in decisions]
    if rows:
        cursor.execute(INSERT_LINES, [customer_import.pk, as_json(rows)])


def _line_row(decision: LineDecision, is_dry_run: bool) -> dict[str, Any]:
    line, outcome = decision.line, decision.outcome
    is_refused = outcome == Outcome.REFUSED
    return {
        "number": line.number,
        "external_id": "" if is_refused else line.external_id,
        "outcome": outcome,
        "reason": storable_text(decision.reason),
        "raw": storable_text(line.raw) if is_refused or outcome == Outcome.POSTPONED else "",
        "phone": phone_of(decision) if is_dry_run and not is_refused else "",
        "email": email_of(decision).lower() if is_dry_run and not is_refused else "",
    }


def _note_duplicates(
    cursor: Any, customer_import: CustomerImport, decisions: Sequence[LineDecision]
) -> None:
    written = [each for each in decisions if each.outcome in (Outcome.CREATED, Outcome.UPDATED)]
    note_duplicates(cursor, customer_import.business_id, written)
    if customer_import.is_dry_run:
        note_duplicates_in_file(cursor, customer_import.pk, written)
    rows = [
        {"number": each.line.number, "duplicate_of": each.duplicate_of}
        for each in written
        if each.duplicate_of
    ]
    if rows:
        cursor.execute(SET_DUPLICATES, [as_json(rows), customer_import.pk])


def _count(
    customer_import: CustomerImport, chunk: Chunk, decisions: Sequence[LineDecision], now: datetime
) -> None:
    """Add the chunk to the import's figures, move its position, and end it if nothing is left."""
    it = customer_import
    outcomes = [decision.outcome for decision in decisions]
    it.created += outcomes.count(Outcome.CREATED)
    it.updated += outcomes.count(Outcome.UPDATED)
    it.unchanged += outcomes.count(Outcome.UNCHANGED)
    it.refused += outcomes.count(Outcome.REFUSED)
    it.postponed += outcomes.count(Outcome.POSTPONED)
    it.probable_duplicates += sum(bool(decision.duplicate_of) for decision in decisions)
    if chunk.are_postponed:
        it.postponed -= len(decisions)
    else:
        it.lines += len(decisions)
        it.position, it.line_number = chunk.position, chunk.line_number
    it.attempts, it.state, it.started_at = 0, State.RUNNING, it.started_at or now
    if chunk.is_last and not it.postponed:
        it.state, it.ended_at = State.FINISHED, now
    it.save(update_fields=COUNTED)


COUNTED: Final = (
    "created",
    "updated",
    "unchanged",
    "refused",
    "postponed",
    "probable_duplicates",
    "lines",
    "position",
    "line_number",
    "attempts",
    "state",
    "started_at",
    "ended_at",
)
