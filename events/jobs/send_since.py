"""Send again what another destination got since a time: after a wrong write key or region.

What was accepted there, or may have been, goes to the present destination under new ids, with the
original times and properties, and marked as backfilled: Segment drops known ids even for another
source. What no destination accepted goes under its own id (`resend`). What the present destination
has, or gets anyway, is left out, so a second run for the same time sends nothing twice.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from customers.by_index import by_index
from events import wake
from events.backfilled import marked, sent_before
from events.catalogue import EVENT_NAMES
from events.identify import IDENTIFY
from events.jobs.already_sent import EventKey, Period, already_sent, key_of, periods_of
from events.jobs.control import open_job
from events.jobs.feed import ending, feeding, lock_ready
from events.jobs.first_sync import identify_unknown
from events.jobs.resend import resend
from events.models import Integration, Outcome, Request, SendLog
from events.outbox.record_past import PastEvent, record_past
from events.send_log import pages
from events.send_log.entries import LogEntry, LogPosition
from events.send_log.filter import MessageFilter

MAY_BE_THERE: Final = frozenset({Outcome.ACCEPTED, Outcome.UNCONFIRMED})
"""Outcomes after which a destination has the message, or may have it."""
MEANT: Final = frozenset({"elsewhere", "details", "never"})
"""What a job sends: fields of SinceOffer."""
NEVER_THERE: Final = frozenset({Outcome.REJECTED, Outcome.EXPIRED})
SHOWN_EXAMPLES: Final = 5
EXAMPLES_WITHIN: Final = 200
"""Entries among which a page looks for examples, oldest first."""

# From the index `sendlog_class` alone: some tenths of a second for a million messages.
COUNT_SINCE: Final = """
SELECT s.event, s.outcome, EXISTS (
    SELECT FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS present (since, until)
    WHERE s.settled_at >= present.since AND s.settled_at < present.until
), count(*)
FROM events_sendlog s WHERE s.business_id = %(business)s AND s.settled_at >= %(since)s
GROUP BY 1, 2, 3
"""


class CannotSendAgain(Exception):
    """Nothing can be sent again for this time. The text says why, for an owner."""


@dataclass(frozen=True, slots=True)
class SinceOffer:
    """What the log has since a time.

    `elsewhere` counts the events that another destination accepted, or may have, `details` the
    identifies. `never` counts what no destination accepted, `present` what the present destination
    accepted.
    """

    elsewhere: int
    details: int
    never: int
    present: int

    @property
    def messages(self) -> int:
        return self.elsewhere + self.details + self.never


def read_since_offer(integration: Integration, since: datetime) -> SinceOffer:
    """Count what a job since this time would look at. What was sent again before counts, too."""
    periods = periods_of(integration.pk, integration.destination)
    params = {
        "business": integration.pk,
        "since": since,
        "starts": [period.since or "-infinity" for period in periods],
        "ends": [period.until or "infinity" for period in periods],
    }
    counts: Counter[str] = Counter()
    with by_index() as cursor:
        cursor.execute(COUNT_SINCE, params)
        for event, outcome, is_present, count in cursor.fetchall():
            counts[_group(event, outcome, is_present=is_present)] += count
    return SinceOffer(counts["elsewhere"], counts["details"], counts["never"], counts["present"])


def _group(event: str, outcome: str, *, is_present: bool) -> str:
    """Return the field of SinceOffer that counts such a message; empty for none."""
    if event not in EVENT_NAMES | {IDENTIFY}:
        return ""
    if outcome in NEVER_THERE or (is_present and outcome == Outcome.UNCONFIRMED):
        return "never"
    if outcome not in MAY_BE_THERE:
        return ""
    if is_present:
        return "present"
    return "details" if event == IDENTIFY else "elsewhere"


def since_examples(integration: Integration, since: datetime) -> list[PastEvent]:
    """Return some events that would be sent under new ids, oldest first."""
    matching = MessageFilter(businesses=(integration.pk,))
    entries = pages.page(
        matching, EXAMPLES_WITHIN, LogPosition(since, 0), newest_first=False
    ).entries
    return _past_events(_to_send(entries, integration, since)[:SHOWN_EXAMPLES])


@transaction.atomic
def request_send_since(business_id: int, since: datetime, by: Any, now: datetime) -> Request | None:
    """Queue a job for what the log has since this time.

    Returns the open job if there is one, and None if the integration is switched off, has no
    readable write key, or there is nothing to send. Raises CannotSendAgain.
    """
    integration = lock_ready(business_id)
    if integration is None:
        return None
    if job := open_job(business_id, Request.Kind.SEND_SINCE):
        return job
    if since >= now:
        raise CannotSendAgain("Choose a time in the past.")
    offer = read_since_offer(integration, since)
    if not offer.messages:
        return None
    job = Request.objects.create(
        business_id=business_id,
        kind=Request.Kind.SEND_SINCE,
        requested_by=by,
        requested_at=now,
        matching={
            "destination": integration.destination,
            "since": since.isoformat(),
            "up_to": pages.newest_id(),
        },
        expected=offer.messages,
    )
    wake.run_jobs_after_commit()
    return job


def send_since_chunk(job: Request, now: datetime) -> bool:
    """Record the next messages, in the order in which they were accepted.

    Returns whether the job is finished. `passed_over` counts what the present destination has, or
    gets anyway.
    """
    is_last = False
    with ending(job), feeding(job) as (integration, limit):
        since = datetime.fromisoformat(job.matching["since"])
        page = pages.page(
            MessageFilter(businesses=(job.business_id,)),
            limit,
            LogPosition.parse(job.position.get("after", "")) or LogPosition(since, 0),
            newest_first=False,
            up_to=job.matching["up_to"],
        )
        if page.entries:
            looked_at, recorded = _send(page.entries, integration, since, job.requested_by_id, now)
            job.done += recorded
            job.passed_over += max(0, looked_at - recorded)
            job.position = {"after": str(page.entries[-1].position)}
        is_last = not page.more
    return is_last or bool(job.ended_because)


def _send(
    entries: Sequence[LogEntry],
    integration: Integration,
    since: datetime,
    by: int | None,
    now: datetime,
) -> tuple[int, int]:
    """Return how many of the entries are meant, and how many messages were recorded for them."""
    periods = periods_of(integration.pk, integration.destination)
    groups = {entry.id: _group_of(entry, periods) for entry in entries}
    details = {entry.customer_id for entry in entries if groups[entry.id] == "details"}
    never = [entry for entry in entries if groups[entry.id] == "never"]
    recorded = record_past(integration.pk, _past_events(_to_send(entries, integration, since)))
    recorded += identify_unknown(integration, sorted(details), now) if details else 0
    recorded += resend(integration.pk, _wanted(never, integration, since, periods), by, now)
    return sum(group in MEANT for group in groups.values()), recorded


def _group_of(entry: LogEntry, periods: Collection[Period]) -> str:
    is_present = any(period.has(entry.settled_at) for period in periods)
    return _group(entry.event, entry.outcome, is_present=is_present)


def _to_send(
    entries: Sequence[LogEntry], integration: Integration, since: datetime
) -> list[LogEntry]:
    """Return the events that go out under new ids, each once."""
    periods = periods_of(integration.pk, integration.destination)
    elsewhere = [entry for entry in entries if _group_of(entry, periods) == "elsewhere"]
    sent = _known(elsewhere, integration, since)
    chosen: dict[EventKey, LogEntry] = {}
    for entry in elsewhere:
        key = key_of(entry.event, entry.subject_id, entry.occurred_at)
        if key not in sent and entry.event not in integration.muted:
            chosen.setdefault(key, entry)
    return list(chosen.values())


def _wanted(
    never: Sequence[LogEntry],
    integration: Integration,
    since: datetime,
    periods: Collection[Period],
) -> list[LogEntry]:
    """Return what no destination accepted, but for events that the present one got otherwise."""
    other = [e for e in never if not any(period.has(e.settled_at) for period in periods)]
    sent = _known([e for e in other if e.event != IDENTIFY], integration, since)
    left_out = {e.id for e in other if key_of(e.event, e.subject_id, e.occurred_at) in sent}
    return [entry for entry in never if entry.id not in left_out]


def _known(entries: Sequence[LogEntry], integration: Integration, since: datetime) -> set[EventKey]:
    customers = {entry.customer_id for entry in entries}
    return (
        already_sent(integration.pk, integration.destination, customers, since)
        if customers
        else set()
    )


def _past_events(entries: Sequence[LogEntry]) -> list[PastEvent]:
    """Return the events with the properties as they were sent, in the order of the entries."""
    if not entries:
        return []
    times = [entry.settled_at for entry in entries]
    rows = SendLog.objects.filter(
        pk__in=[entry.id for entry in entries],
        settled_at__gte=min(times),
        settled_at__lte=max(times),
    )
    facts = {row.pk: _facts(row) for row in rows}
    return [
        PastEvent(e.customer_id, e.event, e.subject_id, e.occurred_at, facts[e.id])
        for e in entries
        if facts.get(e.id)
    ]


def _facts(row: SendLog) -> dict[str, Any]:
    """Return the facts of the message as it was sent; empty if its content was not kept."""
    if row.message:
        return sent_before(row.message["properties"])
    return marked(row.facts) if row.facts else {}
