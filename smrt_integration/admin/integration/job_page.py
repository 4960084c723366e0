"""The page of a job that sends much: its offer, its progress, and pause, resume and cancel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from events.jobs import control
from events.models import Integration, Request
from smrt_integration.admin.integration.job_progress import job_progress

JOB_REFRESH_SECONDS: Final = 2
"""How often an open page asks how far the job is."""
SWITCH_ON_FIRST: Final = (
    "The integration is switched off, so nothing can be sent. Switch it on, then come back."
)
KEY_FIRST: Final = (
    "There is no readable write key to send with. Enter the write key and save, then come back."
)
NOTHING_TO_SEND: Final = "There is nothing to send."
STARTED: Final = "Started. You can leave this page; it goes on in the background."


@dataclass(frozen=True)
class JobPage:
    """What one kind of job shows.

    `offer` returns what its template needs to say what would be sent. `start` queues the job; it
    returns None when there is nothing to send.
    """

    kind: Request.Kind
    template: str
    title: str
    offer: Callable[[HttpRequest, Integration, datetime], dict[str, Any]]
    start: Callable[[HttpRequest, Integration, datetime], Request | None]

    def view(
        self, request: HttpRequest, integration: Integration, context: dict[str, Any]
    ) -> HttpResponseBase:
        now = timezone.now()
        if request.method == "POST":
            self._carry_out(request, integration, now)
            return HttpResponseRedirect(request.path)
        job = control.latest_job(integration.pk, self.kind)
        why_not = "" if integration.enabled else SWITCH_ON_FIRST
        why_not = why_not or ("" if integration.destination else KEY_FIRST)
        extra: dict[str, Any] = {
            "title": self.title,
            "subtitle": integration.business.name,
            "refresh_seconds": JOB_REFRESH_SECONDS,
            "why_not": why_not,
        }
        if job:
            clock = integration.business.clock
            extra |= {"job": job_progress(job, now, clock, is_on=integration.enabled)}
        if not why_not and not (job and job.finished_at is None):
            extra |= self.offer(request, integration, now)
        return TemplateResponse(request, self.template, context | extra)

    @transaction.atomic
    def _carry_out(self, request: HttpRequest, integration: Integration, now: datetime) -> None:
        actions: dict[str, Callable[[], tuple[object, str]]] = {
            "start": lambda: (self.start(request, integration, now), STARTED),
            "pause": lambda: (control.pause(integration.pk, self.kind, now), "Paused."),
            "resume": lambda: (control.resume(integration.pk, self.kind), "Going on."),
            "cancel": lambda: (
                control.cancel(integration.pk, self.kind, now),
                "Canceled. What was about to be sent is still sent.",
            ),
        }
        what = request.POST.get("what", "")
        if what not in actions:
            return
        is_done, sentence = actions[what]()
        if is_done:
            messages.success(request, sentence)
            change = f"{self.title}: {sentence.partition('.')[0].lower()}."
            admin.site.get_model_admin(Integration).log_change(request, integration, change)
        elif what == "start":
            messages.warning(request, NOTHING_TO_SEND)
