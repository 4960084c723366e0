"""Events from before are waiting: send them all, only those from a day on, or none."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold import widgets

from events.jobs import discard
from events.jobs.discard import Backlog
from events.lanes import lane_control
from events.lanes.status import CHOICE_WANTED, DISCARDING, events
from events.models import Integration, Lane

ALL, SINCE, NONE = "all", "since", "none"
UNDER_WAY = "Old events are being discarded already. Sending goes on by itself after that."


class ChoiceForm(forms.Form):
    """`up_to` is the newest message that the page counted: what comes later is not meant."""

    what = forms.ChoiceField(
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what becomes of the events that wait."},
    )
    since = forms.ChoiceField(
        required=False,
        widget=widgets.UnfoldAdminSelectWidget({"aria-label": "From which day on to send"}),
    )
    up_to = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, found: Backlog, data: Any = None) -> None:
        super().__init__(data, initial={"what": ALL, "up_to": found.up_to})
        self.found = found
        fields: Any = self.fields
        fields["what"].choices = [(ALL, ALL), (SINCE, SINCE), (NONE, NONE)]
        fields["since"].choices = [(day.isoformat(), self._told(day)) for day, _ in found.days[1:]]

    def _told(self, day: date) -> str:
        before = self.found.before(day)
        return f"{day:%A}, {day.day} {day:%B %Y}: sends {self.found.events - before:,}, discards {before:,}"

    def clean(self) -> dict[str, Any]:
        if (
            self.cleaned_data.get("what") == SINCE
            and not self.cleaned_data.get("since")
            and "since" not in self.errors
        ):
            self.add_error("since", "Choose the day from which on events are to be sent.")
        return self.cleaned_data


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    back = HttpResponseRedirect(context["back"])
    if not integration.enabled:
        messages.info(
            request,
            "The integration is switched off. You are asked what becomes of waiting events when you switch on.",
        )
        return back
    since = _recorded_before(integration)
    counted = request.POST.get("up_to", "")
    found = discard.backlog(
        integration.pk, since, int(counted) if counted.isdigit() and len(counted) < 19 else None
    )
    form = ChoiceForm(found, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        _carry_out(request, integration, form.cleaned_data, found, since)
        return back
    extra = {
        "title": "Events that wait",
        "subtitle": integration.business.name,
        "form": form,
        "found": found,
        "counted": events(found.events),
    }
    return TemplateResponse(request, "smrt/integration/waiting.html", context | extra)


def _recorded_before(integration: Integration) -> datetime | None:
    """What came after switching on is not meant."""
    choosing = Lane.objects.filter(business_id=integration.pk, stopped=CHOICE_WANTED).exists()
    return integration.enabled_at if choosing else None


@transaction.atomic
def _carry_out(
    request: HttpRequest,
    integration: Integration,
    chosen: dict[str, Any],
    found: Backlog,
    since: datetime | None,
) -> None:
    day = date.fromisoformat(chosen["since"]) if chosen["what"] == SINCE else None
    doomed = 0 if chosen["what"] == ALL else found.before(day) if day else found.events
    if lane_control.lock_lane(integration.pk).stopped == DISCARDING:
        messages.warning(request, UNDER_WAY)
    elif doomed:
        discard.request_discard(
            found,
            integration.pk,
            integration.business.time_zone,
            request.user,
            timezone.now(),
            day,
            since,
        )
        counted = events(doomed)
        messages.success(
            request,
            f"Discarding {counted}. Sending goes on by itself after that; they are in the send log as not sent.",
        )
        _note(
            request,
            integration,
            f"Discarded {counted} that waited, from before {day}."
            if day
            else f"Discarded {counted} that waited.",
        )
    else:
        lane_control.resume_halted(integration.pk)
        messages.success(
            request, f"Sending {events(found.events)}." if found.events else "Trying again now."
        )
        _note(request, integration, f"Resumed sending, with {events(found.events)} waiting.")


def _note(request: HttpRequest, integration: Integration, what: str) -> None:
    """Into the history of the integration."""
    admin.site.get_model_admin(Integration).log_change(request, integration, what)
