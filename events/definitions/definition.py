"""What an event definition has to say, and the check that it says all of it.

Pure: a definition names its model and its sweep as strings, so the catalogue can be imported
anywhere.
"""

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from events.backfilled import BACKFILLED
from events.definitions.customer_context import CustomerContext
from events.occurrences import Occurrence

Facts = Mapping[str, Any]
"""The values of an occurrence as recorded: plain JSON values, amounts as decimal strings."""
Before = Mapping[str, Any] | None
"""A row's values before a save by column; None when the save created the row."""


class Heading(StrEnum):
    """The headings under which an owner finds the events."""

    PICKUPS = "Pickups and deliveries"
    ORDERS = "Orders"
    CUSTOMERS = "Customers"


class IncompleteDefinition(Exception):
    """A definition lacks a part or states it wrongly.

    The text names the event, the part and the remedy.
    """


class NothingToPreview(Exception):
    """There is nothing that a preview could show. The text says why, for an owner."""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """What an owner may take for an event although none is sent.

    The timeline shows it with the reason. `at` is SQL like `History.at`.
    """

    name: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """Where the business's own records show that the event happened, in SQL.

    `rows` is a FROM clause in which `r` is the row that the event is about; `subject` is that row's
    id and `customer` the customer's. `at` is the moment, NULL where the event did not happen.
    `about` describes the row in words. `is_visit` is true where the occurrence counts as a visit,
    unless the day has one already. `is_certain` is false where the record may tell another moment:
    a backfill leaves such an occurrence out.
    """

    rows: str
    at: str
    customer: str = "r.customer_id"
    subject: str = "r.id"
    about: str = "''"
    is_visit: str = "FALSE"
    is_certain: str = "TRUE"


NO_HISTORY: Final = None
"""The `history` of an event that the records do not date: the timeline knows only its messages."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an owner has to choose before the event can happen: a field of the integration."""

    field: str
    missing: str
    to_do: str


class EventDefinition:
    """Everything about one event. The definitions are the subclasses; they are never instantiated.

    A subclass that lacks a part fails as it is defined. Definitions are listed in the order in
    which they are defined.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    heading: ClassVar[Heading]
    sent_when: ClassVar[str]
    not_yet: ClassVar[str]
    history: ClassVar[History | None]
    look_alikes: ClassVar[tuple[LookAlike, ...]] = ()
    setting: ClassVar[Setting | None] = None
    not_backfilled: ClassVar[str] = ""
    """Why past occurrences cannot be sent, as a sentence for owners; empty if they can."""
    recurs: ClassVar[bool] = False
    """Whether the event can happen to a customer again. Each occurrence then has its own line."""

    @staticmethod
    def properties(facts: Facts, /) -> Mapping[str, Any]:
        """Return the message's properties.

        The annotated return type, a TypedDict, is their schema.
        """
        raise NotImplementedError

    @staticmethod
    def upcoming(context: CustomerContext) -> str:
        """Return what an owner should know about the next occurrence, or ""."""
        return ""

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        """Check the definition and add it to the catalogue, unless it is `abstract`.

        Raises IncompleteDefinition.
        """
        super().__init_subclass__()
        if not abstract:
            _check(cls)
            _definitions[cls.name] = cls


class SavedEvent(EventDefinition, abstract=True):
    """An event that happens with a save of one of the business's records.

    `model` is the record's label, such as "customers.Order"; `customer_id` the attribute path from
    the record to the id of its customer.
    """

    model: ClassVar[str]
    customer_id: ClassVar[str] = "customer_id"

    @staticmethod
    def trigger(before: Before, row: Any, /) -> bool:
        """Return whether this save means the event.

        `before` holds the row's values before the save, `row.changed` names what the save changed.
        """
        raise NotImplementedError

    @staticmethod
    def occurred_at(row: Any, /) -> datetime | None:
        """Return when the event happened; None for the moment of the save."""
        raise NotImplementedError

    @staticmethod
    def facts(row: Any, /) -> Facts:
        """Return what to record: JSON values, and a `Lookup` for each value of another row."""
        raise NotImplementedError

    @classmethod
    def occurrence(cls, row: Any, now: datetime) -> Occurrence:
        return Occurrence(cls.name, row.pk, cls.occurred_at(row) or now, cls.facts(row))

    @classmethod
    def past_facts(cls, row: Any, at: datetime) -> Facts:
        """Return what the record tells now, without what was not known yet at that time."""
        return cls.facts(row)

    @classmethod
    def past_occurrence(cls, row: Any, at: datetime) -> Occurrence:
        return Occurrence(cls.name, row.pk, at, cls.past_facts(row, at))


@dataclass(frozen=True, slots=True)
class Sample:
    """An occurrence for a preview, and the sentence that says where its values come from."""

    occurrence: Occurrence
    source: str


class SweptEvent(EventDefinition, abstract=True):
    """An event that no save makes: the module `sweep` looks for it. It is about the customer."""

    sweep: ClassVar[str]
    recurs = True

    @staticmethod
    def sample(context: CustomerContext) -> Sample:
        """Return the next occurrence as the sweep would find it. Raises NothingToPreview."""
        raise NotImplementedError


_definitions: dict[str, type[EventDefinition]] = {}


def defined_events() -> tuple[type[EventDefinition], ...]:
    """Return all definitions so far, in the order of their definition."""
    return tuple(_definitions.values())


PARTS: Final[Mapping[str, str]] = {
    "name": "the name that Segment and the tools behind it show",
    "version": "1, and one more whenever the meaning or type of a property changes",
    "heading": "the Heading under which an owner finds it",
    "sent_when": "when it is sent, as a sentence for owners",
    "not_yet": "that it has not happened to a customer yet, as a sentence for owners",
    "properties": "the function from facts to a TypedDict",
    "history": "a History, or NO_HISTORY where no record dates the event",
}
"""What every definition must say."""
SAVED_PARTS: Final[Mapping[str, str]] = {
    "model": "the label of the model whose save makes the event",
    "trigger": "the function that says whether a save means the event",
    "occurred_at": "the function that says when it happened",
    "facts": "the function that says what to record",
}
SWEPT_PARTS: Final[Mapping[str, str]] = {
    "sweep": "the module that looks for the event",
    "upcoming": "the function that says what to expect, for owners",
    "sample": "the function that makes an occurrence for the preview",
}
RESERVED: Final = frozenset({"id", "time", "distinct_id", "ip", "timezone", "length", "bucket"})
"""Properties that Mixpanel deletes or reinterprets (contract, section 1)."""
MODEL_LABEL: Final = re.compile(r"[a-z_]+\.[A-Z]\w+")
SENTENCE: Final = re.compile(r"[A-Z].*\.", re.DOTALL)


def _check(cls: type[EventDefinition]) -> None:
    for part, meaning in _required(cls).items():
        if not _has_part(cls, part):
            raise IncompleteDefinition(f"{_title(cls)} has no `{part}`: say {meaning}.")
    for is_kept, problem in _rules(cls):
        if not is_kept():
            raise IncompleteDefinition(f"{_title(cls)}: {problem}")


def _required(cls: type[EventDefinition]) -> dict[str, str]:
    if issubclass(cls, SavedEvent):
        return {**PARTS, **SAVED_PARTS}
    if issubclass(cls, SweptEvent):
        return {**PARTS, **SWEPT_PARTS}
    raise IncompleteDefinition(
        f"{_title(cls)} is neither a SavedEvent nor a SweptEvent: derive it from one of them."
    )


def _has_part(cls: type[EventDefinition], part: str) -> bool:
    """Return whether the definition, or an abstract one that it extends, states the part."""
    own = (base for base in cls.__mro__ if base not in {EventDefinition, SavedEvent, SweptEvent})
    return any(part in vars(base) for base in own if base is not object)


def _title(cls: type[EventDefinition]) -> str:
    return f"The event definition {cls.__module__}.{cls.__name__}"


def _rules(cls: type[EventDefinition]) -> list[tuple[Callable[[], bool], str]]:
    """Return the other rules, each with the sentence that says how to keep it."""
    names = properties_of(cls)
    return [
        (
            lambda: cls.name not in _definitions,
            f"another event is named {cls.name}; choose another `name`.",
        ),
        (lambda: bool(names), "`properties` must be annotated with the TypedDict that it returns."),
        (
            lambda: not any(name in RESERVED or name.startswith("$") for name in names),
            f"Mixpanel reserves some of these properties, rename them: {', '.join(names)}.",
        ),
        (lambda: cls.version >= 1, "`version` counts from 1."),
        (
            lambda: all(SENTENCE.fullmatch(text) for text in (cls.sent_when, cls.not_yet)),
            "`sent_when` and `not_yet` are sentences: a capital letter first, a full stop last.",
        ),
        (
            lambda: BACKFILLED not in names,
            f"`{BACKFILLED}` marks what is sent later; rename the property.",
        ),
        (
            lambda: bool(cls.not_backfilled) == (issubclass(cls, SweptEvent) or not cls.history),
            "`not_backfilled` says why its past is not sent; a SavedEvent with a History has none.",
        ),
        (
            lambda: not issubclass(cls, SavedEvent) or bool(MODEL_LABEL.fullmatch(cls.model)),
            '`model` is a label such as "customers.Order".',
        ),
    ]


def properties_of(cls: type[EventDefinition]) -> tuple[str, ...]:
    """Return the names of the event's properties, in their order; empty without a TypedDict."""
    properties = properties_type(cls)
    return tuple(typing.get_type_hints(properties)) if typing.is_typeddict(properties) else ()


def properties_type(cls: type[EventDefinition]) -> Any:
    """Return the TypedDict that `properties` is annotated to return, None without one."""
    return typing.get_type_hints(cls.properties).get("return")
