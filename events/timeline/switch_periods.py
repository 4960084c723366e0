"""The periods in which an owner had the integration or an event switched off. Pure."""

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
    """Switched off from `since` until `until`; None means that it still is."""

    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SwitchHistory:
    """All changes, oldest first."""

    changes: Sequence[Switched]

    @property
    def begins(self) -> datetime | None:
        """The first change of the integration as a whole; None when it was never set up."""
        return next((change.at for change in self.changes if not change.event), None)

    def off_period(self, event: str, at: datetime) -> OffPeriod | None:
        """Return the period around `at` in which the event was switched off; None when it was on.

        `event` is "" for the integration. An event is on unless it was switched off.
        """
        changes = [change for change in self.changes if change.event == event]
        before = [change for change in changes if change.at <= at]
        if not before or before[-1].on:
            return None
        since = before[-1].at
        for earlier in reversed(before[:-1]):
            if earlier.on:
                break
            since = earlier.at
        until = next((change.at for change in changes if change.at > at and change.on), None)
        return OffPeriod(since, until)
