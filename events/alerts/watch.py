"""Look for the problems of all businesses, store them, and email the owners.

Runs every minute. Idempotent: two runs at once send each email once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from typing import Any, Final

import structlog
from django.core.mail import EmailMessage, get_connection
from django.db import connection

from customers.budget import NO_TIME_LIMIT, Budget
from events.alerts import emails
from events.alerts.decide import (
    DAY,
    LONG_WAIT,
    NOTHING,
    AlertDecision,
    Email,
    Problem,
    Situation,
    decide,
)
from events.alerts.emails import DueEmail
from events.lanes.status import CHOICE_WANTED, DISCARDING, HELD_SILENTLY
from events.outbox.lane_order import bulk_rows, in_lane_order, live_rows

log = structlog.get_logger(__name__)

CLAIM_TIME: Final = timedelta(minutes=5)
"""How long a worker may take for one email. Longer than EMAIL_TIMEOUT for each step of it: a worker
that takes longer has died, and another sends the email again."""
RETRY_REFUSED_AFTER: Final = timedelta(minutes=10)
"""How long we wait before we retry an email that the mail server refused."""
MAIL_SERVER_ERRORS: Final = (OSError, SMTPException)
EMAIL_REFUSED_ERRORS: Final = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)

MOST_EMAILS_A_RUN: Final = 50
"""Emails written in one run: about as many as a mail server takes in two seconds."""

# Nothing here grows with the log: there are as many lanes as businesses, and of the outbox and the
# held tracks one row of each is read.
FIND_PROBLEMS: Final = f"""
SELECT i.business_id, i.enabled,
    CASE WHEN l.stopped <> ALL (%(not_problems)s) THEN COALESCE(l.stopped_at, %(now)s) END,
    oldest.since, l.last_error <> '', a.id, a.telling_until > %(now)s,
    (SELECT COALESCE(sum(recent.emails), 0) FROM events_alert recent
     WHERE recent.business_id = i.business_id AND recent.told_at > %(day_ago)s),
    held.since, a.kind, a.since, a.told, a.quiet_since
FROM events_integration i
JOIN events_lane l ON l.business_id = i.business_id
LEFT JOIN LATERAL (
    SELECT GREATEST(min(o.recorded_at), i.enabled_at) AS since FROM (
        (
            SELECT w.recorded_at FROM events_outgoing w
            WHERE {live_rows("w", "i.business_id")} ORDER BY {in_lane_order("w")} LIMIT 1
        )
        UNION ALL
        (
            SELECT w.recorded_at FROM events_outgoing w
            WHERE {bulk_rows("w", "i.business_id")} ORDER BY {in_lane_order("w")} LIMIT 1
        )
    ) o
    WHERE i.enabled AND l.stopped <> %(discarding)s HAVING count(*) > 0
) oldest ON TRUE
LEFT JOIN LATERAL (
    SELECT h.held_at AS since FROM events_heldtrack h
    WHERE i.enabled AND h.business_id = i.business_id ORDER BY h.id LIMIT 1
) held ON TRUE
LEFT JOIN events_alert a ON a.business_id = i.business_id AND a.over_at IS NULL
WHERE a.id IS NOT NULL
    OR i.enabled AND (l.stopped <> ALL (%(not_problems)s) OR oldest.since <= %(long_ago)s
        OR held.since <= %(held_before)s)
ORDER BY i.business_id
"""
# Another worker may have inserted the same problem: the first one counts.
INSERT_ALERTS: Final = """
INSERT INTO events_alert (business_id, kind, since, found_at, quiet_since, told, emails)
SELECT new.*, %s, NULL, '', 0 FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[]) new
ORDER BY 1 ON CONFLICT (business_id) WHERE over_at IS NULL DO NOTHING
"""
UPDATE_ALERTS: Final = """
UPDATE events_alert a SET kind = new.kind, since = new.since, quiet_since = new.quiet_since
FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    new (id, kind, since, quiet_since)
WHERE a.id = new.id AND a.over_at IS NULL
"""
END_ALERTS: Final = "UPDATE events_alert SET over_at = %s WHERE id = ANY (%s) AND over_at IS NULL"
# The first worker that finds the alert as it was when we looked sends the email.
CLAIM_ALERT: Final = """
UPDATE events_alert SET telling_until = %s
WHERE business_id = %s AND over_at IS NULL AND told = %s
    AND (telling_until IS NULL OR telling_until <= %s)
RETURNING id
"""
STORE_PROBLEM_EMAIL: Final = """
UPDATE events_alert SET told = %s, told_at = %s, emails = emails + 1, telling_until = NULL
WHERE id = %s
"""
STORE_SOLVED_EMAIL: Final = """
UPDATE events_alert SET over_at = %s, told_over_at = %s, telling_until = NULL WHERE id = %s
"""
RELEASE_ALERT: Final = "UPDATE events_alert SET telling_until = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class WatchedBusiness:
    """A business that has a problem, or had one until now. `before` is the problem as stored.

    `busy`: a worker is sending an email about the problem, or the mail server just refused one.
    """

    business_id: int
    alert_id: int | None
    before: Problem | None
    decision: AlertDecision
    busy: bool

    @property
    def emailed(self) -> str:
        return self.before.emailed if self.before else ""

    @property
    def due_email(self) -> DueEmail | None:
        problem, email = self.decision.problem, self.decision.email
        if problem is None or email is None or self.busy:
            return None
        return DueEmail(self.business_id, problem, email)


def watch(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Look for problems once, store them, and send what is due. Returns the number of emails.

    What the budget has no time for is sent by the next run.
    """
    watched = find_problems(now)
    _store(watched, now)
    due = [(business, email) for business in watched if (email := business.due_email)]
    owners = emails.owners_of([email.business_id for _, email in due])
    _end([b for b in watched if b.decision == NOTHING or _has_no_reader(b, owners)], now)
    with_owners = [(business, email) for business, email in due if email.business_id in owners]
    sent = send_emails(with_owners[:MOST_EMAILS_A_RUN], owners, now, budget)
    # Refused ones and those of a mail server that fails wait for the next tick.
    if sent == MOST_EMAILS_A_RUN:
        budget.leave_work()
    return sent


def find_problems(now: datetime) -> list[WatchedBusiness]:
    """Return the businesses that have a problem, or had one when we looked last."""
    params: dict[str, Any] = {
        "not_problems": [CHOICE_WANTED, DISCARDING, ""],
        "discarding": DISCARDING,
        "now": now,
        "day_ago": now - DAY,
        "long_ago": now - LONG_WAIT,
        "held_before": now - HELD_SILENTLY,
    }
    with connection.cursor() as cursor:
        cursor.execute(FIND_PROBLEMS, params)
        return [_watched_business(row, now) for row in cursor.fetchall()]


def _watched_business(row: Sequence[Any], now: datetime) -> WatchedBusiness:
    business_id, enabled, stopped, waiting, failing, alert_id, busy, emails_today, held = row[:9]
    before = Problem(*row[9:]) if alert_id else None
    situation = Situation(enabled, stopped, waiting, failing, held)
    decision = decide(situation, before, int(emails_today), now)
    return WatchedBusiness(business_id, alert_id, before, decision, bool(busy))


def _store(watched: Sequence[WatchedBusiness], now: datetime) -> None:
    """Insert new problems, and update those that changed."""
    changed = [
        (business, business.decision.problem)
        for business in watched
        if business.decision.problem and business.decision.problem != business.before
    ]
    new = [(b.business_id, p.kind, p.since) for b, p in changed if b.alert_id is None]
    stored = [
        (b.alert_id, p.kind, p.since, p.quiet_since) for b, p in changed if b.alert_id is not None
    ]
    if new:
        _execute(INSERT_ALERTS, now, *_columns(new))
    if stored:
        _execute(UPDATE_ALERTS, *_columns(stored))


def _has_no_reader(business: WatchedBusiness, owners: Mapping[int, list[str]]) -> bool:
    """Return whether the problem is solved, but no owner has an address to send the email to."""
    is_solved = business.decision.email is Email.SOLVED
    return is_solved and not business.busy and business.business_id not in owners


def _end(over: Sequence[WatchedBusiness], now: datetime) -> None:
    alert_ids = [business.alert_id for business in over if business.alert_id is not None]
    if alert_ids:
        _execute(END_ALERTS, now, alert_ids)


def send_emails(
    due: Sequence[tuple[WatchedBusiness, DueEmail]],
    owners: Mapping[int, list[str]],
    now: datetime,
    budget: Budget,
) -> int:
    """Send the emails over one connection. Returns the number of emails sent.

    When the mail server fails, the rest is left for the next run.
    """
    if not due:
        return 0
    messages = emails.write_emails([email for _, email in due], owners, now)
    sent = 0
    try:
        with get_connection() as server:
            for business, email in budget.over(due):
                if message := messages.get(business.business_id):
                    sent += _send(server, business.emailed, email, message, now)
    except MAIL_SERVER_ERRORS as error:
        # not the error's text: it may quote an address
        log.warning("mail_server_failed", error=type(error).__name__)
    return sent


def _send(server: Any, emailed: str, due: DueEmail, message: EmailMessage, now: datetime) -> bool:
    """Send one email, unless another worker has claimed it."""
    claimed = _execute(CLAIM_ALERT, now + CLAIM_TIME, due.business_id, emailed, now)
    if not claimed:
        return False
    alert_id = claimed[0][0]
    message.extra_headers["Message-ID"] = emails.message_id(alert_id, due.kind)
    try:
        server.send_messages([message])
    except EMAIL_REFUSED_ERRORS as error:
        log.warning("alert_refused", business=due.business_id, error=type(error).__name__)
        _execute(RELEASE_ALERT, now + RETRY_REFUSED_AFTER, alert_id)
        return False
    except MAIL_SERVER_ERRORS:
        _execute(RELEASE_ALERT, None, alert_id)
        raise
    if due.email is Email.SOLVED:
        _execute(STORE_SOLVED_EMAIL, now, now, alert_id)
    else:
        _execute(STORE_PROBLEM_EMAIL, due.problem.kind, now, alert_id)
    return True


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _execute(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall() if cursor.description else []
