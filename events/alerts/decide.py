"""Whether a business's owners are to be told something now. Pure: what is, what was, and the time come from outside."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

STOPPED, WAITING = "stopped", "waiting"
# From no trouble to the worst.
GRADES: Final = ("", WAITING, STOPPED)

LONG: Final = timedelta(hours=1)
# A business that stops and recovers every few minutes is one trouble, and one email.
QUIET: Final = timedelta(minutes=10)
# About troubles, in any 24 hours; each may be followed by one that it is well again. A trouble that lasts is told as soon as there is room.
MOST_A_DAY: Final = 4
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Situation:
    """Of one business now. `waiting_since`: since when its oldest event has waited, but not from before it was switched on."""

    enabled: bool
    stopped_since: datetime | None = None
    waiting_since: datetime | None = None
    failing: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """`told`: the worst grade that the owners were told of. `quiet_since`: since when it has looked well."""

    kind: str
    since: datetime
    told: str = ""
    quiet_since: datetime | None = None


class Email(Enum):
    TROUBLE = "trouble"
    WELL = "well"


@dataclass(frozen=True, slots=True)
class AlertDecision:
    """`trouble`: what goes on, None when there is none. With `Email.WELL`, it is over once the email has left."""

    trouble: Trouble | None
    email: Email | None = None


NOTHING: Final = AlertDecision(None)


def decide(
    now_is: Situation, trouble: Trouble | None, told_lately: int, now: datetime
) -> AlertDecision:
    """`told_lately`: how many emails about troubles left in the last 24 hours."""
    if not now_is.enabled:
        return NOTHING
    kind, since = _trouble(now_is, now)
    if kind:
        trouble = _goes_on(trouble, kind, since)
        tell = GRADES.index(trouble.told) < GRADES.index(kind) and told_lately < MOST_A_DAY
        return AlertDecision(trouble, Email.TROUBLE if tell else None)
    return _quiet(trouble, now_is.failing, now) if trouble else NOTHING


def _trouble(now_is: Situation, now: datetime) -> tuple[str, datetime]:
    if now_is.stopped_since:
        return STOPPED, now_is.stopped_since
    if now_is.waiting_since and now - now_is.waiting_since >= LONG:
        return WAITING, now_is.waiting_since
    return "", now


def _goes_on(trouble: Trouble | None, kind: str, since: datetime) -> Trouble:
    """What was told stays told: an event that waits on after a stop is no news."""
    if trouble is None:
        return Trouble(kind, since)
    if GRADES.index(kind) > GRADES.index(trouble.told):
        return replace(
            trouble,
            kind=kind,
            since=since if kind != trouble.kind else trouble.since,
            quiet_since=None,
        )
    return replace(trouble, quiet_since=None)


def _quiet(trouble: Trouble, failing: bool, now: datetime) -> AlertDecision:
    """While Segment answers with errors, it is not well, though nothing has waited for long yet."""
    quiet_since = None if failing else trouble.quiet_since or now
    if quiet_since is None or now - quiet_since < QUIET:
        return AlertDecision(replace(trouble, quiet_since=quiet_since))
    return AlertDecision(trouble, Email.WELL) if trouble.told else NOTHING
