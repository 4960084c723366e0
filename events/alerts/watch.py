"""Looks at all businesses for trouble, keeps what it found, and tells the owners. Run every minute; twice at once does no harm."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any, Final

import structlog
from django.core.mail import EmailMessage, get_connection
from django.db import connection

from events.alerts import emails
from events.alerts.decide import (
    DAY,
    LONG,
    NOTHING,
    AlertDecision,
    Email,
    Situation,
    Trouble,
    decide,
)
from events.alerts.emails import Occasion
from events.lanes.status import CHOICE_WANTED, DISCARDING

log = structlog.get_logger(__name__)

# Longer than one email can take (EMAIL_TIMEOUT for each step of it): who died meanwhile is taken over from, and the email sent again.
TELLING: Final = timedelta(minutes=5)
# Where the mail server refuses this very email.
LATER: Final = timedelta(minutes=10)
MAIL_FAILED: Final = (OSError, SMTPException)
REFUSED: Final = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)
# Of one run: the rest is told at the next, and deliveries never wait for a slow mail server for long.
BUDGET_SECONDS: Final = 20.0
MOST_LETTERS: Final = 200

# Nothing here grows with history: lanes are as many as businesses, of the outbox one row of each is read.
FIND: Final = """
SELECT i.business_id, i.enabled, CASE WHEN l.stopped <> ALL (%(ours)s) THEN COALESCE(l.stopped_at, %(now)s) END,
    w.since, l.last_error <> '', a.id, a.telling_until > %(now)s,
    (SELECT COALESCE(sum(t.emails), 0) FROM events_alert t WHERE t.business_id = i.business_id AND t.told_at > %(day)s),
    a.kind, a.since, a.told, a.quiet_since
FROM events_integration i
JOIN events_lane l ON l.business_id = i.business_id
LEFT JOIN LATERAL (
    SELECT GREATEST(q.recorded_at, i.enabled_at) AS since FROM events_outgoing q
    WHERE i.enabled AND l.stopped <> %(discarding)s AND q.business_id = i.business_id ORDER BY q.id LIMIT 1
) w ON TRUE
LEFT JOIN events_alert a ON a.business_id = i.business_id AND a.over_at IS NULL
WHERE a.id IS NOT NULL OR (i.enabled AND (l.stopped <> ALL (%(ours)s) OR w.since <= %(long)s))
ORDER BY i.business_id
"""
# Another worker may have found the same: the first one counts.
OPEN: Final = """
INSERT INTO events_alert (business_id, kind, since, found_at, quiet_since, told, emails)
SELECT n.*, %s, NULL, '', 0 FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) n
ORDER BY 1 ON CONFLICT (business_id) WHERE over_at IS NULL DO NOTHING
"""
KEEP: Final = """
UPDATE events_alert a SET kind = n.kind, since = n.since, quiet_since = n.quiet_since
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[]) n (id, kind, since, quiet_since)
WHERE a.id = n.id AND a.over_at IS NULL
"""
END: Final = "UPDATE events_alert SET over_at = %s WHERE id = ANY (%s) AND over_at IS NULL"
# Who finds it as it was when we looked tells of it, and nobody else meanwhile.
CLAIM: Final = """
UPDATE events_alert SET telling_until = %s
WHERE business_id = %s AND over_at IS NULL AND told = %s AND (telling_until IS NULL OR telling_until <= %s) RETURNING id
"""
TOLD: Final = "UPDATE events_alert SET told = %s, told_at = %s, emails = emails + 1, telling_until = NULL WHERE id = %s"
TOLD_OVER: Final = (
    "UPDATE events_alert SET over_at = %s, told_over_at = %s, telling_until = NULL WHERE id = %s"
)
GIVE_BACK: Final = "UPDATE events_alert SET telling_until = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class WatchedBusiness:
    """A business with a trouble, now or until now; `decision` is what becomes of it."""

    business_id: int
    alert_id: int | None
    before: Trouble | None
    decision: AlertDecision
    busy: bool
    """A worker is telling of it, or the mail server refused to, just now."""

    @property
    def told(self) -> str:
        return self.before.told if self.before else ""


def watch(now: datetime) -> int:
    """Answers how many emails left."""
    found = find(now)
    _keep(found, now)
    to_tell = {
        watched.business_id: (
            watched,
            Occasion(watched.business_id, watched.decision.trouble, watched.decision.email),
        )
        for watched in found
        if watched.decision.trouble and watched.decision.email and not watched.busy
    }
    owners = emails.owners_of(list(to_tell))
    _end(
        [
            watched
            for watched in found
            if watched.decision == NOTHING or _has_nobody_to_tell(watched, owners)
        ],
        now,
    )
    return notify_owners(
        [due for business_id, due in to_tell.items() if business_id in owners][:MOST_LETTERS],
        owners,
        now,
    )


def find(now: datetime) -> list[WatchedBusiness]:
    terms: dict[str, Any] = {
        "ours": [CHOICE_WANTED, DISCARDING, ""],
        "discarding": DISCARDING,
        "now": now,
        "day": now - DAY,
        "long": now - LONG,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND, terms)
        return [_watched(row, now) for row in cursor.fetchall()]


def _watched(row: Sequence[Any], now: datetime) -> WatchedBusiness:
    business_id, enabled, stopped, waiting, failing, alert_id, busy, told_lately, *trouble = row
    before = Trouble(*trouble) if alert_id else None
    decision = decide(Situation(enabled, stopped, waiting, failing), before, int(told_lately), now)
    return WatchedBusiness(business_id, alert_id, before, decision, bool(busy))


def _keep(found: Sequence[WatchedBusiness], now: datetime) -> None:
    changed = [
        (w, w.decision.trouble)
        for w in found
        if w.decision.trouble and w.decision.trouble != w.before
    ]
    new = [
        (w.business_id, trouble.kind, trouble.since) for w, trouble in changed if w.alert_id is None
    ]
    old = [
        (w.alert_id, trouble.kind, trouble.since, trouble.quiet_since)
        for w, trouble in changed
        if w.alert_id is not None
    ]
    if new:
        _execute(OPEN, now, *_columns(new))
    if old:
        _execute(KEEP, *_columns(old))


def _has_nobody_to_tell(watched: WatchedBusiness, owners: Mapping[int, list[str]]) -> bool:
    return (
        watched.decision.email is Email.WELL
        and not watched.busy
        and watched.business_id not in owners
    )


def _end(over: Sequence[WatchedBusiness], now: datetime) -> None:
    alert_ids = [watched.alert_id for watched in over if watched.alert_id is not None]
    if alert_ids:
        _execute(END, now, alert_ids)


def notify_owners(
    due: Sequence[tuple[WatchedBusiness, Occasion]], owners: Mapping[int, list[str]], now: datetime
) -> int:
    """One email after the other over one connection. While the mail server fails, all of it has time until the next run."""
    if not due:
        return 0
    written = emails.write([occasion for _, occasion in due], owners, now)
    deadline, left = time.monotonic() + BUDGET_SECONDS, 0
    try:
        with get_connection() as server:
            for watched, occasion in due:
                if time.monotonic() < deadline and watched.business_id in written:
                    left += _tell(server, watched.told, occasion, written[watched.business_id], now)
    except MAIL_FAILED as error:
        # not its text: it may quote an address
        log.warning("mail_server_failed", error=type(error).__name__)
    return left


def _tell(server: Any, told: str, occasion: Occasion, letter: EmailMessage, now: datetime) -> bool:
    claimed = _execute(CLAIM, now + TELLING, occasion.business_id, told, now)
    if not claimed:
        return False
    alert_id = claimed[0][0]
    letter.extra_headers["Message-ID"] = emails.message_id(alert_id, occasion.kind)
    try:
        server.send_messages([letter])
    except REFUSED as error:
        log.warning("alert_refused", business=occasion.business_id, error=type(error).__name__)
        _execute(GIVE_BACK, now + LATER, alert_id)
        return False
    except MAIL_FAILED:
        _execute(GIVE_BACK, None, alert_id)
        raise
    if occasion.email is Email.WELL:
        _execute(TOLD_OVER, now, now, alert_id)
    else:
        _execute(TOLD, occasion.trouble.kind, now, alert_id)
    return True


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
