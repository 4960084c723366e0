"""Working off what owners asked for: portion by portion, each a short transaction; a worker that dies loses one portion's work."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from events.jobs import discard, resend
from events.models import Request

Portion = Callable[[Request, datetime], bool]

# By kind. A portion works inside the caller's transaction, notes in `done`, `passed_over` and `position` how far it came (the caller
# saves them), and answers whether that was all.
JOB_CHUNKS: Final[dict[str, Portion]] = {
    Request.Kind.DISCARD: discard.discard_chunk,
    Request.Kind.SEND_AGAIN: resend.resend_chunk,
}
# After this a task ends and the next tick goes on, so that a worker is never busy with one owner's million for long.
BUDGET_SECONDS: Final = 20.0


def run_jobs(now: datetime) -> int:
    """Work at all open requests in turn until none can go on. Answers how many portions were done."""
    until, portions, ids = time.monotonic() + BUDGET_SECONDS, 0, _open()
    while ids and time.monotonic() < until:
        came = {request_id: _portion(request_id, now) for request_id in ids}
        portions += sum(forward is not None for forward in came.values())
        ids = [request_id for request_id, more in came.items() if more]
    return portions


def _open() -> list[int]:
    return list(
        Request.objects.filter(finished_at=None, kind__in=JOB_CHUNKS)
        .order_by("id")
        .values_list("id", flat=True)
    )


@transaction.atomic
def _portion(request_id: int, now: datetime) -> bool | None:
    """Whether there is more. None when it did not come forward: another worker is at it, or it has to wait."""
    request = (
        Request.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=request_id, finished_at=None)
        .first()
    )
    if request is None:
        return None
    before = _progress(request)
    if JOB_CHUNKS[request.kind](request, now):
        request.finished_at = now
    elif before == _progress(request):
        return None
    request.save(update_fields=["done", "passed_over", "position", "finished_at"])
    return request.finished_at is None


def _progress(request: Request) -> tuple[int, int, dict[str, Any]]:
    return request.done, request.passed_over, dict(request.position)
