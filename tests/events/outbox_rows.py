"""What waits in the outbox, as tests ask for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Model

from events.models import AcceptedTraits, DeliveryAttempt, Outgoing, SendLog, TraitChange


def waiting(**which: Any) -> list[Outgoing]:
    """Oldest first."""
    return list(Outgoing.objects.filter(**which).order_by("id"))


def names(**which: Any) -> list[str]:
    return [row.event for row in waiting(**which)]


def facts(event: str) -> dict[str, Any]:
    """Of the one such event that waits."""
    (row,) = waiting(event=event)
    found: dict[str, Any] = row.facts
    return found


def written() -> dict[str, list[dict[str, Any]]]:
    """Everything that recording, spreading and sending write."""
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
