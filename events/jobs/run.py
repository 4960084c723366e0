"""Carry out open jobs chunk by chunk, each in a short transaction.

A worker that dies loses the work of one chunk; the next worker goes on from there.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from customers.budget import NO_TIME_LIMIT, Budget
from events.jobs import backfill, choose_held, discard, first_sync, resend, send_since
from events.models import Request

JobChunk = Callable[[Request, datetime], bool]

JOB_CHUNKS: Final[dict[str, JobChunk]] = {
    Request.Kind.DISCARD: discard.discard_chunk,
    Request.Kind.SEND_AGAIN: resend.resend_chunk,
    Request.Kind.SEND_HELD: choose_held.send_held_chunk,
    Request.Kind.DISCARD_HELD: choose_held.discard_held_chunk,
    Request.Kind.BACKFILL: backfill.backfill_chunk,
    Request.Kind.SEND_SINCE: send_since.send_since_chunk,
    Request.Kind.SYNC: first_sync.sync_chunk,
}
"""Kind of job -> the function that does one chunk in the caller's transaction.

It updates `done`, `passed_over`, `position` and `ended_because` of the job, which the caller saves,
and returns whether the job is finished."""


def run_jobs(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Do chunks of all open jobs in turn, until none can go on or the time is up.

    Returns the number of chunks done.
    """
    chunks, ids = 0, _open_jobs()
    while ids and not (chunks and budget.is_spent()):
        results = {job_id: _run_chunk(job_id, now) for job_id in budget.over(ids)}
        chunks += sum(has_more is not None for has_more in results.values())
        ids = [job_id for job_id, has_more in results.items() if has_more]
    return chunks


def _open_jobs() -> list[int]:
    jobs = Request.objects.filter(finished_at=None, paused_at=None, kind__in=JOB_CHUNKS)
    return list(jobs.order_by("id").values_list("id", flat=True))


@transaction.atomic
def _run_chunk(job_id: int, now: datetime) -> bool | None:
    """Return whether there is more to do.

    None if there was no progress: another worker holds the job, or it must wait.
    """
    jobs = Request.objects.select_for_update(skip_locked=True, of=("self",))
    job = jobs.filter(pk=job_id, finished_at=None, paused_at=None).first()
    if job is None:
        return None
    before = _progress(job)
    if JOB_CHUNKS[job.kind](job, now):
        job.finished_at = now
    elif before == _progress(job):
        return None
    job.save(update_fields=["done", "passed_over", "position", "finished_at", "ended_because"])
    return job.finished_at is None


def _progress(job: Request) -> tuple[int, int, dict[str, Any]]:
    return job.done, job.passed_over, dict(job.position)
