"""Record the saves of which receivers are notified."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models.signals import post_save

from customers.models import Tracked


@dataclass(frozen=True)
class Saved:
    model: str
    created: bool
    changed: frozenset[str]
    before: dict[str, Any] | None

    @property
    def old_values(self) -> dict[str, Any]:
        """Return the old values of the changed columns."""
        assert self.before is not None
        return {name: self.before[name] for name in self.changed}


@contextmanager
def record_saves() -> Iterator[list[Saved]]:
    saves: list[Saved] = []

    def receive(sender: type[Any], instance: Any, created: bool, **kwargs: Any) -> None:
        if issubclass(sender, Tracked):
            before = None if instance.before is None else dict(instance.before)
            saves.append(Saved(sender.__name__, created, frozenset(instance.changed), before))

    post_save.connect(receive, weak=False)
    try:
        yield saves
    finally:
        post_save.disconnect(receive)


def summaries(saves: list[Saved]) -> list[str]:
    """Return a line for each save: `Order +` for a creation, `Order status` for changed columns."""
    return [
        f"{save.model} {'+' if save.created else ' '.join(sorted(save.changed))}".rstrip()
        for save in saves
    ]
