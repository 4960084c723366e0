"""Rows of the outbox, as tests read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Model

from events.models import AcceptedTraits, DeliveryAttempt, Outgoing, SendLog, TraitChange


def waiting(**which: Any) -> list[Outgoing]:
    """Return the rows, oldest first."""
    return list(Outgoing.objects.filter(**which).order_by("id"))


def names(**which: Any) -> list[str]:
    return [row.event for row in waiting(**which)]


def facts(event: str) -> dict[str, Any]:
    """Return the facts of the one waiting row of this event."""
    (row,) = waiting(event=event)
    recorded: dict[str, Any] = row.facts
    return recorded


def written() -> dict[str, list[dict[str, Any]]]:
    """Return everything that recording, fanning out and sending write."""
    models: tuple[type[Model], ...] = (
        Outgoing,
        TraitChange,
        AcceptedTraits,
        SendLog,
        DeliveryAttempt,
    )
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


@contextmanager
def nothing_written() -> Iterator[None]:
    before = written()
    yield
    assert written() == before
