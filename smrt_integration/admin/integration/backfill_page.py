"""The page that offers to send past events to Segment."""

from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django import forms
from django.http import HttpRequest
from unfold import widgets

from customers.time_forms import LocalDateField
from events.catalogue import EVENTS
from events.jobs import backfill
from events.jobs.backfill import CannotBackfill
from events.jobs.backfill_offer import read_backfill_offer
from events.models import Integration, Request
from smrt_integration.admin.integration.job_page import JobPage
from smrt_integration.delivery.job_previews import past_previews

FIRST_OFFERED: Final = 30
"""Days. A month of events is what most tools need for a start."""
CHOICES: Final = (("the last 7 days", 7), ("the last 30 days", 30), ("the last 90 days", 90))


class SinceForm(forms.Form):
    """The first day whose events are sent."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["since"] = LocalDateField(
            label="Send events since",
            widget=widgets.UnfoldAdminSingleDateWidget(),
            error_messages={"invalid": "Enter a day, for example 2026-11-25."},
        )


class DayLink(NamedTuple):
    label: str
    day: str


def _offer(request: HttpRequest, integration: Integration, now: datetime) -> dict[str, Any]:
    today = integration.business.today()
    first = (today - timedelta(days=FIRST_OFFERED)).isoformat()
    form = SinceForm({"since": request.GET.get("since", first)})
    extra: dict[str, Any] = {
        "form": form,
        "links": [
            DayLink(label, (today - timedelta(days=days)).isoformat()) for label, days in CHOICES
        ],
        "left_out": [event for event in EVENTS if event.not_backfilled],
        "muted": list(integration.muted),
    }
    if not form.is_valid():
        return extra
    day: date = form.cleaned_data["since"]
    try:
        span = backfill.span_since(integration, day, now)
    except CannotBackfill as reason:
        form.add_error("since", str(reason))
        return extra
    offer = read_backfill_offer(integration, span)
    return extra | {
        "offer": offer,
        "since": day.isoformat(),
        "since_in_words": integration.business.clock.day(day),
        "previews": past_previews(offer, integration),
    }


def _start(request: HttpRequest, integration: Integration, now: datetime) -> Request | None:
    form = SinceForm(request.POST)
    if not form.is_valid():
        return None
    try:
        return backfill.request_backfill(
            integration.pk, form.cleaned_data["since"], request.user, now
        )
    except CannotBackfill:
        return None


BACKFILL_PAGE = JobPage(
    Request.Kind.BACKFILL, "smrt/integration/backfill.html", "Send past events", _offer, _start
)
