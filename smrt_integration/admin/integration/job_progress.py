"""How far a job is that sends much, in an owner's words. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from customers.business_clock import BusinessClock
from events.models import Request

LONG_JOB_WAIT: Final = timedelta(minutes=1)
"""A job usually begins within seconds."""

NOUNS: Final = {
    Request.Kind.SYNC: ("customer", "customers"),
    Request.Kind.BACKFILL: ("event", "events"),
    Request.Kind.SEND_SINCE: ("message", "messages"),
}


@dataclass(frozen=True, slots=True)
class JobProgress:
    """A word, a sentence, and how far it is in percent.

    `is_open` says that it can be paused or canceled, `is_paused` that it can be resumed.
    """

    word: str
    sentence: str
    percent: int
    is_open: bool = False
    is_paused: bool = False


def job_progress(job: Request, now: datetime, clock: BusinessClock, *, is_on: bool) -> JobProgress:
    """Return how far the job is. `is_on` is whether the integration is switched on."""
    counts = sent_so_far(job)
    percent = percent_done(job)
    if job.ended_because:
        ended = clock.when(job.finished_at or now, now)
        return JobProgress("Ended", f"Ended {ended}: {job.ended_because} {counts}", percent)
    if job.finished_at:
        return JobProgress("Done", f"Done {clock.when(job.finished_at, now)}. {counts}", 100)
    if job.paused_at:
        paused = clock.when(job.paused_at, now)
        return JobProgress("Paused", f"Paused {paused}. {counts}", percent, True, True)
    if not is_on:
        return JobProgress(
            "Waiting", f"Waiting until you switch the integration on. {counts}", percent, True
        )
    if not job.position and now - job.requested_at > LONG_JOB_WAIT:
        return JobProgress(
            "Waiting",
            "Waiting. It begins when sending works and what was asked for before is done.",
            percent,
            True,
        )
    return JobProgress("Sending", f"Sending. {counts}", percent, True)


def percent_done(job: Request) -> int:
    """Return how much of what the job looks through it has looked at."""
    looked_at: int = job.position.get("looked_at", job.done + job.passed_over)
    return min(100, 100 * looked_at // max(1, job.expected))


def sent_so_far(job: Request) -> str:
    """Return "12 customers are sent or about to be sent; Segment has the other 3 already."."""
    one, many = NOUNS[Request.Kind(job.kind)]
    sent = f"1 {one} is" if job.done == 1 else f"{job.done:,} {many} are"
    sentence = f"{sent} sent or about to be sent"
    if job.passed_over:
        return f"{sentence}; {job.passed_over:,} more needed nothing, because Segment has them."
    return f"{sentence}."
