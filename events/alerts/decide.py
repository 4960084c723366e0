"""Whether to email a business's owners now. Pure: state, history and time are passed in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from events.lanes.status import HELD_SILENTLY

LANE_HALTED, LANE_WAITING, TRACKS_HELD = "stopped", "waiting", "held"
SEVERITIES: Final = ("", TRACKS_HELD, LANE_WAITING, LANE_HALTED)
"""From no problem to the worst."""

LONG_WAIT: Final = timedelta(hours=1)
"""How long the oldest event waits before the owners get an email."""
SOLVED_AFTER: Final = timedelta(minutes=10)
"""A problem counts as solved after this long without a sign of it. So a business that stops and
recovers every few minutes has one problem, and its owners get one email."""
MOST_EMAILS_A_DAY: Final = 4
"""Emails about problems in any 24 hours, each of which may be followed by one that it is solved. A
problem that lasts is reported as soon as an email may be sent again."""
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Situation:
    """How sending goes for a business now.

    `waiting_since` is when its oldest event began to wait, or when the business was switched on,
    whichever is later. `held_since` is since when the oldest held track has been held.
    """

    enabled: bool
    stopped_since: datetime | None = None
    waiting_since: datetime | None = None
    failing: bool = False
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that is not over. `emailed` is the worst kind that owners got an email about.

    `quiet_since` is since when the problem has looked solved, None while it does not.
    """

    kind: str
    since: datetime
    emailed: str = ""
    quiet_since: datetime | None = None


class Email(Enum):
    PROBLEM = "problem"
    SOLVED = "solved"


@dataclass(frozen=True, slots=True)
class AlertDecision:
    """The problem to store and the email to send; each is None when there is none.

    With `Email.SOLVED`, the problem is over once the email was sent.
    """

    problem: Problem | None
    email: Email | None = None


NOTHING: Final = AlertDecision(None)


def decide(
    situation: Situation, problem: Problem | None, emails_today: int, now: datetime
) -> AlertDecision:
    """Return what to store and what to send.

    `emails_today` is the number of emails about problems in the last 24 hours.
    """
    if not situation.enabled:
        return NOTHING
    kind, since = _problem_now(situation, now)
    if kind == TRACKS_HELD and problem and problem.kind != TRACKS_HELD:
        # Sending works again: the worse problem ends before the owners are asked about this one.
        return _decide_quiet(problem, situation.failing, now)
    if kind:
        problem = _updated(problem, kind, since)
        is_news = SEVERITIES.index(problem.emailed) < SEVERITIES.index(kind)
        may_email = emails_today < MOST_EMAILS_A_DAY
        return AlertDecision(problem, Email.PROBLEM if is_news and may_email else None)
    return _decide_quiet(problem, situation.failing, now) if problem else NOTHING


def _problem_now(situation: Situation, now: datetime) -> tuple[str, datetime]:
    if situation.stopped_since:
        return LANE_HALTED, situation.stopped_since
    if situation.waiting_since and now - situation.waiting_since >= LONG_WAIT:
        return LANE_WAITING, situation.waiting_since
    if situation.held_since and now - situation.held_since >= HELD_SILENTLY:
        return TRACKS_HELD, situation.held_since
    return "", now


def _updated(problem: Problem | None, kind: str, since: datetime) -> Problem:
    """Return the problem as it is now. A worse kind that owners got an email about stays."""
    if problem is None:
        return Problem(kind, since)
    if SEVERITIES.index(kind) > SEVERITIES.index(problem.emailed):
        started = since if kind != problem.kind else problem.since
        return replace(problem, kind=kind, since=started, quiet_since=None)
    return replace(problem, quiet_since=None)


def _decide_quiet(problem: Problem, failing: bool, now: datetime) -> AlertDecision:
    """Decide about a problem that looks solved. While Segment responds with errors, it is not."""
    quiet_since = None if failing else problem.quiet_since or now
    if quiet_since is None or now - quiet_since < SOLVED_AFTER:
        return AlertDecision(replace(problem, quiet_since=quiet_since))
    return AlertDecision(problem, Email.SOLVED) if problem.emailed else NOTHING
