"""The faults to simulate: for which write keys, and how often. No I/O."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, cast, get_args

from devtools.segment_stub.envelope import Envelope

FaultKind = Literal[
    "status",
    "delay",
    "hang",
    "cut",
    "accept_then_timeout",
    "accept_then_cut",
    "redirect",
    "refuse_messages",
]

EVERY_KEY: Final = "*"

MAX_DELAY_MS: Final = 600_000
"""Ten minutes. To wait longer than any client does, use `hang`."""

REDIRECTS: Final = (301, 302, 303, 307, 308)

FAULT_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "status": frozenset({"status", "retry_after"}),
    "delay": frozenset({"delay_ms"}),
    "hang": frozenset(),
    "cut": frozenset(),
    "accept_then_timeout": frozenset(),
    "accept_then_cut": frozenset(),
    "redirect": frozenset({"status", "location"}),
    "refuse_messages": frozenset({"contains"}),
}
"""The fields of each kind, besides `write_key`, `kind` and `times`."""


class InvalidFault(ValueError):
    """The description of a fault is invalid; the text is a sentence that names the field."""


@dataclass(slots=True, eq=False)
class Fault:
    """A fault. `times`: requests still to fail, None until cleared; `applied`: requests so far."""

    number: int
    write_key: str
    kind: FaultKind
    times: int | None = None
    status: int = 0
    retry_after: str = ""
    delay_ms: int = 0
    contains: str = ""
    location: str = ""
    applied: int = 0

    def as_json(self) -> dict[str, Any]:
        base = {
            "number": self.number,
            "write_key": self.write_key,
            "kind": self.kind,
            "times": self.times,
            "applied": self.applied,
        }
        return base | {name: getattr(self, name) for name in sorted(FAULT_FIELDS[self.kind])}

    @property
    def is_endless(self) -> bool:
        """Whether this fault hides every later fault of the same write key."""
        return self.times is None and self.kind != "refuse_messages"

    def applies_to(self, envelope: Envelope) -> bool:
        if self.write_key not in (EVERY_KEY, envelope.write_key):
            return False
        return self.kind != "refuse_messages" or any(
            self._is_in(posted.raw, posted.message) for posted in envelope.messages
        )

    def _is_in(self, raw: bytes, message: object) -> bool:
        """Search the message as sent and without escapes: a sender may write é as an escape."""
        return self.contains.encode() in raw or self.contains in json.dumps(
            message, ensure_ascii=False
        )


def parse_fault(spec: object, number: int) -> Fault:
    """Parse `{"write_key", "kind", "times", ...}`; FAULT_FIELDS has each kind's fields.

    Raises InvalidFault.

    | kind                | what the client gets                                | accepted        |
    | ------------------- | --------------------------------------------------- | --------------- |
    | status              | `status`, with `Retry-After: retry_after` (seconds  | no              |
    |                     | or an HTTP date)                                    |                 |
    | delay               | the usual response, `delay_ms` later                | after the delay |
    | hang                | no response; clearing the fault sends the usual one | once cleared    |
    | cut                 | a connection that ends without a response           | no              |
    | accept_then_timeout | no response, like `hang`                            | immediately     |
    | accept_then_cut     | a connection that ends without a response           | immediately     |
    | redirect            | `status` (default 302) to `location`                | no              |
    | refuse_messages     | 400 if the JSON of a message contains `contains`    | no              |
    """
    if not isinstance(spec, dict):
        raise InvalidFault("A fault is a JSON object.")
    kind = spec.get("kind")
    if not isinstance(kind, str) or kind not in get_args(FaultKind):
        raise InvalidFault(f"kind must be one of {', '.join(get_args(FaultKind))}.")
    _refuse_unknown_fields(spec, kind)
    fault = Fault(number, _text(spec, "write_key"), cast(FaultKind, kind), _times(spec))
    return _PARSERS[fault.kind](fault, spec)


def _refuse_unknown_fields(spec: Mapping[str, Any], kind: str) -> None:
    for name in spec:
        if name not in {"write_key", "kind", "times"} | FAULT_FIELDS[kind]:
            raise InvalidFault(f"A fault of kind {kind} has no field {name}.")


def _text(spec: Mapping[str, Any], name: str) -> str:
    value = spec.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidFault(
            f"{name} must be a text that is not empty"
            + (f' ("{EVERY_KEY}" for every key).' if name == "write_key" else ".")
        )
    return value


def _whole_number(spec: Mapping[str, Any], name: str, low: int, high: int) -> int:
    value = spec.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidFault(f"{name} must be a whole number from {low:,} to {high:,}.")
    return value


def _times(spec: Mapping[str, Any]) -> int | None:
    return None if spec.get("times") is None else _whole_number(spec, "times", 1, 1_000_000)


def _with_status(fault: Fault, spec: Mapping[str, Any]) -> Fault:
    return replace(
        fault,
        status=_whole_number(spec, "status", 200, 599),
        retry_after=_retry_after(spec.get("retry_after")),
    )


def _retry_after(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    if isinstance(value, str) and (value.isdecimal() or _is_http_date(value)):
        return value
    raise InvalidFault(
        "retry_after must be seconds or an HTTP date such as Wed, 21 Oct 2026 07:28:00 GMT."
    )


def _is_http_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return True


def _with_delay(fault: Fault, spec: Mapping[str, Any]) -> Fault:
    return replace(fault, delay_ms=_whole_number(spec, "delay_ms", 1, MAX_DELAY_MS))


def _with_location(fault: Fault, spec: Mapping[str, Any]) -> Fault:
    status = spec.get("status", 302)
    if status not in REDIRECTS:
        raise InvalidFault(f"status must be one of {', '.join(map(str, REDIRECTS))}.")
    location = _text(spec, "location")
    if not location.isprintable():
        raise InvalidFault("location must be an address on one line.")
    return replace(fault, status=status, location=location)


def _with_contains(fault: Fault, spec: Mapping[str, Any]) -> Fault:
    return replace(fault, contains=_text(spec, "contains"))


def _without_fields(fault: Fault, _spec: Mapping[str, Any]) -> Fault:
    return fault


_PARSERS: Final[Mapping[FaultKind, Callable[[Fault, Mapping[str, Any]], Fault]]] = {
    "status": _with_status,
    "delay": _with_delay,
    "hang": _without_fields,
    "cut": _without_fields,
    "accept_then_timeout": _without_fields,
    "accept_then_cut": _without_fields,
    "redirect": _with_location,
    "refuse_messages": _with_contains,
}


class ActiveFaults:
    """The active faults. Those of one write key apply before those of every key, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._next_number = 1

    def add(self, spec: object) -> tuple[Fault, list[Fault]]:
        """Add a fault. Returns the fault, and the endless faults of its write key that it replaces.

        Raises InvalidFault.
        """
        fault = parse_fault(spec, self._next_number)
        self._next_number += 1
        replaced = [
            old for old in self._faults if old.write_key == fault.write_key and old.is_endless
        ]
        self._faults = [old for old in self._faults if old not in replaced] + [fault]
        return fault, replaced

    def all(self) -> list[Fault]:
        return list(self._faults)

    def clear(self, write_key: str | None = None) -> None:
        self._faults = [fault for fault in self._faults if write_key not in (None, fault.write_key)]

    def take_match(self, envelope: Envelope) -> Fault | None:
        """Return the fault that applies to this request, if any, and count it as applied."""
        for fault in sorted(self._faults, key=lambda fault: fault.write_key == EVERY_KEY):
            if fault.applies_to(envelope):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault) -> None:
        fault.applied += 1
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
