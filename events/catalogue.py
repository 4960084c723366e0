"""The catalogue: all event definitions, in the order of the contract. Pure.

Whatever lists events loops over it. A new module of definitions is added to MODULES.
"""

import pkgutil
from collections.abc import Mapping
from typing import Any, Final

from events import definitions
from events.backfilled import AS_SENT, BACKFILLED, is_backfilled
from events.definitions import customers, orders, pickups
from events.definitions.definition import (
    EventDefinition,
    Facts,
    IncompleteDefinition,
    LookAlike,
    SavedEvent,
    SweptEvent,
    defined_events,
)

MODULES: Final = (pickups, orders, customers)
"""The modules of definitions, in the order in which owners and receivers see their events."""
SHARED_MODULES: Final = frozenset({"customer_context", "definition", "properties", "upcoming"})
"""The other modules of the package: what definitions share."""


def _unlisted_modules() -> set[str]:
    names = {module.name for module in pkgutil.iter_modules(definitions.__path__)}
    return names - SHARED_MODULES - {module.__name__.rpartition(".")[2] for module in MODULES}


if _missing := sorted(_unlisted_modules()):
    raise IncompleteDefinition(
        f"events/definitions/{_missing[0]}.py is not in the catalogue: "
        "add it to MODULES in events/catalogue.py, or to SHARED_MODULES if it defines no event."
    )

EVENTS: Final[tuple[type[EventDefinition], ...]] = tuple(
    event for module in MODULES for event in defined_events() if event.__module__ == module.__name__
)
BY_NAME: Final[Mapping[str, type[EventDefinition]]] = {event.name: event for event in EVENTS}
EVENT_NAMES: Final[frozenset[str]] = frozenset(BY_NAME)
SAVED_EVENTS: Final = tuple(event for event in EVENTS if issubclass(event, SavedEvent))
SWEPT_EVENTS: Final = tuple(event for event in EVENTS if issubclass(event, SweptEvent))
RECURRING_EVENTS: Final = frozenset(event.name for event in EVENTS if event.recurs)
BACKFILLED_EVENTS: Final = tuple(event for event in SAVED_EVENTS if not event.not_backfilled)
"""The events whose past occurrences can be sent."""
EVENT_SETTINGS: Final = tuple(event.setting.field for event in EVENTS if event.setting)
"""The fields of an integration that an owner has to choose before some event can happen."""
LOOK_ALIKES: Final[Mapping[str, LookAlike]] = {
    look_alike.name: look_alike for event in EVENTS for look_alike in event.look_alikes
}


def _with_other_customer() -> str:
    """Return the name of an event whose `customer_id` differs from its model's other events."""
    paths: dict[str, str] = {}
    differs = (
        event.name
        for event in SAVED_EVENTS
        if paths.setdefault(event.model, event.customer_id) != event.customer_id
    )
    return next(differs, "")


if _name := _with_other_customer():
    raise IncompleteDefinition(
        f"{_name}: `customer_id` differs from that of the other events of its model; use the same."
    )


# Looked up at every save.
_BY_MODEL: Final[Mapping[str, tuple[type[SavedEvent], ...]]] = {
    model: tuple(event for event in SAVED_EVENTS if event.model == model)
    for model in {event.model for event in SAVED_EVENTS}
}


def events_of(model: str) -> tuple[type[SavedEvent], ...]:
    """Return the events that a save of the model can mean. `model` is its label."""
    return _BY_MODEL.get(model, ())


def properties_of(event: str, facts: Facts) -> dict[str, Any]:
    """Return the properties of a message of the event with these facts, and its mark if it has."""
    if AS_SENT in facts:
        return {**facts[AS_SENT], BACKFILLED: True}
    properties = dict(BY_NAME[event].properties(facts))
    return properties | {BACKFILLED: True} if is_backfilled(facts) else properties
