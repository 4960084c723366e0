"""When an owner had what switched on or off. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Switched:
    """The integration (`event` is empty) or one event was switched on or off."""

    at: datetime
    event: str
    on: bool


@dataclass(frozen=True, slots=True)
class OffPeriod:
    """Switched off from `since` until `until` (None: still)."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SwitchHistory:
    """`changes` oldest first."""

    changes: Sequence[Switched]

    @property
    def begins(self) -> datetime | None:
        """Since when it is known what was on; None when nothing ever was."""
        return next((change.at for change in self.changes if not change.event), None)

    def off(self, event: str, at: datetime) -> OffPeriod | None:
        """Whether the event, or with "" the integration, was off at that time. An event is on unless it was switched off."""
        own = [change for change in self.changes if change.event == event]
        before = [change for change in own if change.at <= at]
        if not before or before[-1].on:
            return None
        since = before[-1].at
        for earlier in reversed(before[:-1]):
            if earlier.on:
                break
            since = earlier.at
        return OffPeriod(
            since, next((change.at for change in own if change.at > at and change.on), None)
        )
