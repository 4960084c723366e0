"""The page that asks whether to send or discard old events: all, those since a day, or none."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold import widgets

from customers.business_clock import BusinessClock
from events.jobs import discard
from events.jobs.discard import Backlog
from events.lanes import lane_control
from events.lanes.status import CHOICE_WANTED, DISCARDING, events
from events.models import Integration, Lane

ALL, SINCE, NONE = "all", "since", "none"
SWITCHED_OFF = (
    "The integration is switched off. When you switch on, we ask whether to send or discard "
    "the events that are waiting."
)
DISCARDING_ALREADY = "Old events are already being discarded. Sending resumes by itself after that."


class ChoiceForm(forms.Form):
    """`up_to` is the newest message the page counted; the choice leaves later ones alone."""

    what = forms.ChoiceField(
        error_messages={"required": "Choose whether to send or discard the waiting events."},
    )
    since = forms.ChoiceField(
        required=False,
        widget=widgets.UnfoldAdminSelectWidget({"aria-label": "Send events since"}),
    )
    up_to = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, backlog: Backlog, clock: BusinessClock, data: Any = None) -> None:
        super().__init__(data, initial={"what": ALL, "up_to": backlog.up_to})
        self.backlog, self.clock = backlog, clock
        fields: Any = self.fields
        fields["what"].choices = [(ALL, ALL), (SINCE, SINCE), (NONE, NONE)]
        fields["since"].choices = [
            (day.isoformat(), self._day_label(day)) for day, _ in backlog.days[1:]
        ]

    def _day_label(self, day: date) -> str:
        discarded = self.backlog.before(day)
        sent = self.backlog.events - discarded
        return f"{self.clock.long_day(day)}: send {sent:,}, discard {discarded:,}"

    def clean(self) -> dict[str, Any]:
        if (
            self.cleaned_data.get("what") == SINCE
            and not self.cleaned_data.get("since")
            and "since" not in self.errors
        ):
            self.add_error("since", "Choose the first day whose events should be sent.")
        return self.cleaned_data

    @property
    def first_day(self) -> date | None:
        """The first day whose events are sent; None when all or none are."""
        if self.cleaned_data["what"] != SINCE:
            return None
        return date.fromisoformat(self.cleaned_data["since"])

    @property
    def discarded(self) -> int:
        """How many events the choice discards."""
        if self.cleaned_data["what"] == ALL:
            return 0
        day = self.first_day
        return self.backlog.before(day) if day else self.backlog.events


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    back = HttpResponseRedirect(context["back"])
    if not integration.enabled:
        messages.info(request, SWITCHED_OFF)
        return back
    recorded_before = _recorded_before(integration)
    up_to = request.POST.get("up_to", "")
    backlog = discard.read_backlog(
        integration.pk,
        recorded_before,
        int(up_to) if up_to.isdigit() and len(up_to) < 19 else None,
    )
    form = ChoiceForm(
        backlog,
        integration.business.clock,
        request.POST if request.method == "POST" else None,
    )
    if request.method == "POST" and form.is_valid():
        _carry_out(request, integration, form, recorded_before)
        return back
    extra = {
        "title": "Waiting events",
        "subtitle": integration.business.name,
        "form": form,
        "backlog": backlog,
        "counted": events(backlog.events),
    }
    return TemplateResponse(request, "smrt/integration/choice.html", context | extra)


def _recorded_before(integration: Integration) -> datetime | None:
    """Return when it was switched on, if that is why the owner chooses; later events stay."""
    choosing = Lane.objects.filter(business_id=integration.pk, stopped=CHOICE_WANTED).exists()
    return integration.enabled_at if choosing else None


@transaction.atomic
def _carry_out(
    request: HttpRequest,
    integration: Integration,
    form: ChoiceForm,
    recorded_before: datetime | None,
) -> None:
    if lane_control.lock_lane(integration.pk).stopped == DISCARDING:
        messages.warning(request, DISCARDING_ALREADY)
    elif form.discarded:
        _discard(request, integration, form, recorded_before)
    else:
        _resume(request, integration, form.backlog.events)


def _discard(
    request: HttpRequest,
    integration: Integration,
    form: ChoiceForm,
    recorded_before: datetime | None,
) -> None:
    discard.request_discard(
        form.backlog,
        integration.pk,
        integration.business.time_zone,
        request.user,
        timezone.now(),
        form.first_day,
        recorded_before,
    )
    counted = events(form.discarded)
    messages.success(
        request,
        f"Discarding {counted}. They will be in the send log as “Not sent”. "
        "Sending resumes by itself after that.",
    )
    since = f" from before {form.clock.day(form.first_day)}" if form.first_day else ""
    _log_change(request, integration, f"Discarded {counted}{since}.")


def _resume(request: HttpRequest, integration: Integration, waiting: int) -> None:
    lane_control.resume_halted(integration.pk)
    messages.success(request, f"Sending {events(waiting)}." if waiting else "Trying again now.")
    _log_change(request, integration, f"Resumed sending, with {events(waiting)} waiting.")


def _log_change(request: HttpRequest, integration: Integration, sentence: str) -> None:
    """Add the sentence to the audit trail of the integration."""
    admin.site.get_model_admin(Integration).log_change(request, integration, sentence)
