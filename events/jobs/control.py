"""Pause, resume and cancel a job that sends much, and the jobs that an owner's page lists.

A worker that is doing a chunk has the job's row locked, so each of these takes effect between two
chunks.
"""

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from events import wake
from events.models import Request

CANCELED: Final = "It was canceled."


def open_job(business_id: int, kind: str) -> Request | None:
    """Return the business's job of this kind that is not finished."""
    return _open_jobs(business_id, kind).order_by("id").first()


def latest_job(business_id: int, kind: str) -> Request | None:
    """Return the business's newest job of this kind, finished or not."""
    return Request.objects.filter(business_id=business_id, kind=kind).order_by("-id").first()


def pause(business_id: int, kind: str, now: datetime) -> bool:
    """Let no worker do a further chunk. Returns False when no job was running."""
    return bool(_open_jobs(business_id, kind).filter(paused_at=None).update(paused_at=now))


def resume(business_id: int, kind: str) -> bool:
    """Let a paused job go on where it was. Returns False when none was paused."""
    paused = _open_jobs(business_id, kind).exclude(paused_at=None)
    is_resumed = bool(paused.update(paused_at=None))
    if is_resumed:
        wake.run_jobs_after_commit()
    return is_resumed


def cancel(business_id: int, kind: str, now: datetime) -> bool:
    """End the job. What it recorded stays in the outbox and is sent.

    Returns False when no job was open.
    """
    canceled = _open_jobs(business_id, kind).update(finished_at=now, ended_because=CANCELED)
    return bool(canceled)


def _open_jobs(business_id: int, kind: str) -> QuerySet[Request]:
    return Request.objects.filter(business_id=business_id, kind=kind, finished_at=None)
