"""The account: compare what was committed with what arrived and with what the send log says.

Pure. It never asks the outbox. Each check yields a `Violation` for each thing that must not be.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from chaos.evidence import Arrival, EndState, Evidence, LogRow, Truth

ACCEPTED, UNCONFIRMED = "accepted", "unconfirmed"
IDENTIFY: Final = "identify"
NUMBERED: Final = {"Order Created", "Order Ready", "Order Returned"}
"""Events whose property `order_id` says which occurrence it is."""
NEVER_LEFT_OUT: Final = {"email", "firstName", "phoneE164", "receiveEmails", "receiveTexts"}
"""Traits that are sent even after Segment has refused all of them (contract, section 3)."""
MILLISECOND: Final = timedelta(milliseconds=1)

Identity = tuple[str, ...]
"""Names one occurrence by what its message says: two occurrences never share it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be. `user_id` and `message_id` are empty where they do not apply."""

    check: str
    text: str
    user_id: str = ""
    message_id: str = ""


class Account:
    """The evidence, looked up in the ways that the checks need."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    def violations(self) -> list[Violation]:
        return [violation for check in CHECKS for violation in check(self)]

    @cached_property
    def truths(self) -> dict[Identity, Truth]:
        return {
            _identity(
                t.write_key, t.user_id, t.event, _milliseconds(t.occurred_at), t.properties
            ): t
            for t in self.evidence.truths
        }

    @cached_property
    def tracks(self) -> dict[Identity, list[Arrival]]:
        """The accepted tracks of each occurrence, in the order in which they arrived."""
        found: defaultdict[Identity, list[Arrival]] = defaultdict(list)
        for arrival in self.evidence.arrivals:
            if not arrival.is_identify:
                found[_identity_of(arrival)].append(arrival)
        return found

    @cached_property
    def identifies(self) -> dict[str, list[Arrival]]:
        """The accepted identifies of each user, in the order in which they arrived."""
        found: defaultdict[str, list[Arrival]] = defaultdict(list)
        for arrival in self.evidence.arrivals:
            if arrival.is_identify:
                found[arrival.user_id].append(arrival)
        return found

    @cached_property
    def arrivals_by_id(self) -> dict[str, Arrival]:
        return {arrival.message_id: arrival for arrival in self.evidence.arrivals}

    @cached_property
    def last_rows(self) -> list[LogRow]:
        """The log without the rows that an owner has sent again."""
        return [row for row in self.evidence.log if row.id not in self.evidence.resent]

    @cached_property
    def resent_ids(self) -> frozenset[str]:
        return frozenset(r.message_id for r in self.evidence.log if r.id in self.evidence.resent)

    @cached_property
    def log_by_id(self) -> dict[str, list[LogRow]]:
        found: defaultdict[str, list[LogRow]] = defaultdict(list)
        for row in self.last_rows:
            found[row.message_id].append(row)
        return found

    @cached_property
    def log_by_subject(self) -> dict[tuple[str, int], list[LogRow]]:
        found: defaultdict[tuple[str, int], list[LogRow]] = defaultdict(list)
        for row in self.last_rows:
            found[row.event, row.subject_id].append(row)
        return found

    @cached_property
    def customers(self) -> dict[str, EndState]:
        return {customer.user_id: customer for customer in self.evidence.customers}

    @cached_property
    def refused_users(self) -> frozenset[str]:
        """The users of whom an identify was refused alone: traits may be left out since then."""
        alone = {r.message_ids[0] for r in self.evidence.refusals if len(r.message_ids) == 1}
        sent = [(a.user_id, a.message_id) for a in self.evidence.arrivals if a.is_identify]
        logged = [(r.user_id, r.message_id) for r in self.evidence.log if r.event == IDENTIFY]
        return frozenset(user for user, message_id in sent + logged if message_id in alone)


def each_occurrence_once(account: Account) -> Iterator[Violation]:
    """Each occurrence was accepted under one id, or the log has it with its reason."""
    for identity, truth in account.truths.items():
        arrivals = account.tracks.get(identity, [])
        if len(arrivals) > 1:
            ids = ", ".join(f"{a.message_id} at {clock(a.at)}" for a in arrivals)
            yield Violation(
                "doubled", f"{_named(truth)} arrived {len(arrivals)} times: {ids}.", truth.user_id
            )
        rows = account.log_by_subject.get((truth.event, truth.subject_id), [])
        if not arrivals and not any(_explains(row) for row in rows):
            outcomes = ", ".join(row.outcome for row in rows) or "nothing"
            yield Violation(
                "lost", f"{_named(truth)} did not arrive; the log has {outcomes}.", truth.user_id
            )


def nothing_else(account: Account) -> Iterator[Violation]:
    """Nothing arrived that was not committed, and nothing at another business's source."""
    for identity, arrivals in account.tracks.items():
        if identity not in account.truths:
            for arrival in arrivals:
                text = f"{_arrived(arrival)} was never committed: {dict(arrival.message)}"
                yield Violation("never committed", text, arrival.user_id, arrival.message_id)
    for user_id, identifies in account.identifies.items():
        customer = account.customers.get(user_id)
        for arrival in identifies:
            if customer is None or customer.write_key != arrival.write_key:
                text = f"{_arrived(arrival)} is of no customer of this business."
                yield Violation("never committed", text, user_id, arrival.message_id)


def values_of_that_moment(account: Account) -> Iterator[Violation]:
    for identity, truth in account.truths.items():
        for arrival in account.tracks.get(identity, []):
            said = _milliseconds(datetime.fromisoformat(arrival.message["timestamp"]))
            if said != _milliseconds(truth.occurred_at):
                text = f"{_named(truth)} arrived with the time {arrival.message['timestamp']}."
                yield Violation("other values", text, truth.user_id, arrival.message_id)
            if differing := _differences(truth.properties, arrival.message["properties"]):
                text = f"{_named(truth)} arrived with other values: {differing}."
                yield Violation("other values", text, truth.user_id, arrival.message_id)


def newest_traits_last(account: Account) -> Iterator[Violation]:
    """The last identify of each customer holds the traits that the customer has in the end."""
    for customer in account.evidence.customers:
        identifies = account.identifies.get(customer.user_id, [])
        if not identifies:
            yield Violation("traits", "A customer was never identified.", customer.user_id)
            continue
        last = identifies[-1]
        sent = last.message["traits"]
        expected = customer.traits
        if customer.user_id in account.refused_users:
            expected = _as_far_as_sent(expected, sent)
        if differing := _differences(expected, sent):
            text = f"The last identify ({_arrived(last)}) has other traits: {differing}."
            yield Violation("traits", text, customer.user_id, last.message_id)


def identify_first(account: Account) -> Iterator[Violation]:
    """No track of a customer arrived before an identify."""
    for arrivals in account.tracks.values():
        for arrival in arrivals:
            identifies = account.identifies.get(arrival.user_id, [])
            if not identifies or identifies[0].number > arrival.number:
                text = f"{_arrived(arrival)} came before an identify."
                yield Violation("identify first", text, arrival.user_id, arrival.message_id)


def in_order(account: Account) -> Iterator[Violation]:
    """Each customer's tracks arrived in the order in which they happened, unless sent again."""
    by_user: defaultdict[str, list[tuple[Arrival, Truth]]] = defaultdict(list)
    for identity, truth in account.truths.items():
        arrivals = account.tracks.get(identity)
        if arrivals and arrivals[0].message_id not in account.resent_ids:
            by_user[truth.user_id].append((arrivals[0], truth))
    for user_id, pairs in by_user.items():
        pairs.sort(key=lambda pair: pair[0].number)
        for position, (arrival, truth) in enumerate(pairs):
            for earlier, other in pairs[:position]:
                if truth.is_before(other):
                    text = f"{_arrived(earlier)} came before {_arrived(arrival)}, which is older."
                    yield Violation("order", text, user_id, arrival.message_id)


def log_says_what_arrived(account: Account) -> Iterator[Violation]:
    """The log has one row for each message, and it says what the stand-in says."""
    for message_id, rows in account.log_by_id.items():
        if len(rows) > 1:
            outcomes = ", ".join(f"{row.outcome} at {clock(row.settled_at)}" for row in rows)
            text = f"The log has {len(rows)} rows of a message: {outcomes}."
            yield Violation("log", text, rows[0].user_id, message_id)
        arrival = account.arrivals_by_id.get(message_id)
        for row in rows:
            if problem := _contradiction(row, arrival):
                yield Violation("log", problem, row.user_id, message_id)
    for message_id in account.arrivals_by_id.keys() - account.log_by_id.keys():
        arrival = account.arrivals_by_id[message_id]
        text = f"{_arrived(arrival)} is in no row of the log."
        yield Violation("log", text, arrival.user_id, message_id)


def counts_equal_the_log(account: Account) -> Iterator[Violation]:
    log = account.evidence.log
    logged = Counter((r.write_key, r.event, r.outcome, r.brand_id, r.day) for r in log)
    for key in sorted(logged.keys() | account.evidence.counts.keys(), key=str):
        counted = account.evidence.counts.get(key, 0)
        if counted != logged[key]:
            text = f"The daily count of {key} is {counted}, but the log has {logged[key]} rows."
            yield Violation("counts", text)
    accepted = Counter(r.write_key for r in log if r.outcome == ACCEPTED and r.event != IDENTIFY)
    for write_key in sorted(accepted.keys() | account.evidence.delays.keys()):
        delays = account.evidence.delays.get(write_key, 0)
        if delays != accepted[write_key]:
            text = (
                f"The daily delays of {write_key} count {delays} tracks, "
                f"but the log has {accepted[write_key]} accepted ones."
            )
            yield Violation("counts", text)


def nothing_is_stuck(account: Account) -> Iterator[Violation]:
    for write_key, reason in account.evidence.halted.items():
        yield Violation("stuck", f"The lane of {write_key} is halted: {reason}")
    for trouble in account.evidence.troubles:
        yield Violation("stuck", trouble)


CHECKS: Final[Sequence[Callable[[Account], Iterator[Violation]]]] = (
    each_occurrence_once,
    nothing_else,
    values_of_that_moment,
    newest_traits_last,
    identify_first,
    in_order,
    log_says_what_arrived,
    counts_equal_the_log,
    nothing_is_stuck,
)


def _explains(row: LogRow) -> bool:
    """Return whether the row accounts for an occurrence that did not arrive.

    A row that says "accepted" does not: the stand-in would have the message.
    """
    return row.outcome == UNCONFIRMED or (row.outcome != ACCEPTED and bool(row.reason))


def _contradiction(row: LogRow, arrival: Arrival | None) -> str:
    if arrival is None:
        return (
            f"The log says that {row.event} was accepted at {clock(row.settled_at)}, "
            "but it did not arrive."
            if row.outcome == ACCEPTED
            else ""
        )
    if row.outcome not in {ACCEPTED, UNCONFIRMED}:
        return f"The log says {row.outcome} ({row.reason}), but {_arrived(arrival)}."
    if (row.write_key, row.user_id, row.event) != (
        arrival.write_key,
        arrival.user_id,
        arrival.event,
    ):
        return f"The log says {row.event} of {row.user_id}, but {_arrived(arrival)}."
    # Each attempt says anew whether the customer wants surveys. The log has the last attempt.
    without = {"sentAt", "integrations"} if row.attempts > 1 else {"sentAt"}
    if row.body and _plain(json.loads(row.body), without) != _plain(arrival.message, without):
        return f"The log has another body than what arrived: {row.body}"
    return ""


def _plain(message: Mapping[str, Any], without: Collection[str]) -> dict[str, Any]:
    """Return the message without these fields, and without the link, which the log masks."""
    plain = {name: value for name, value in message.items() if name not in without}
    if "traits" in plain:
        plain["traits"] = {n: v for n, v in plain["traits"].items() if n != "link"}
    return plain


def _identity_of(arrival: Arrival) -> Identity:
    message = arrival.message
    return _identity(
        arrival.write_key,
        arrival.user_id,
        arrival.event,
        _milliseconds(datetime.fromisoformat(message["timestamp"])),
        message["properties"],
    )


def _identity(
    write_key: str, user_id: str, event: str, moment: int, properties: Mapping[str, Any]
) -> Identity:
    if event in NUMBERED:
        what = str(properties.get("order_id"))
    elif event == "Order Line Item Returned":
        what = str(properties.get("line_item_id"))
    elif event == "New Customer Signup":
        what = ""
    else:
        what = f"{moment} {properties.get('pickup_date', '')}"
    return write_key, user_id, event, what


def _differences(expected: Mapping[str, Any], actual: Mapping[str, Any]) -> str:
    """Return the expected values that are missing or others, as text."""
    return ", ".join(
        f"{name} is {actual.get(name, 'missing')!r} instead of {value!r}"
        for name, value in expected.items()
        if name not in actual or actual[name] != value
    )


def _as_far_as_sent(traits: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the traits without those that may be left out after a refusal and were not sent."""
    expected = {n: v for n, v in traits.items() if n in sent or n in NEVER_LEFT_OUT}
    if "customFields" in expected:
        names = {field["name"] for field in sent["customFields"]}
        fields = [field for field in expected["customFields"] if field["name"] in names]
        expected["customFields"] = fields
    return expected


def _milliseconds(moment: datetime) -> int:
    """Return the time in whole milliseconds, cut off as messages have it."""
    return (moment - datetime.fromtimestamp(0, moment.tzinfo)) // MILLISECOND


def _named(truth: Truth) -> str:
    return f"{truth.event} (row {truth.subject_id}, {clock(truth.occurred_at)})"


def _arrived(arrival: Arrival) -> str:
    return (
        f"{arrival.event} {arrival.message_id}, which arrived as number {arrival.number} "
        f"at {clock(arrival.at)}"
    )


def clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S.%f}"[:-3]
