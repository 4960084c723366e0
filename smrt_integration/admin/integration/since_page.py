"""The page that offers to send again what went to another source since a time."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from unfold import widgets

from customers.time_forms import LocalDateTimeField
from events.jobs import send_since
from events.jobs.send_since import CannotSendAgain
from events.models import Integration, Request
from smrt_integration.admin.integration.job_page import JobPage
from smrt_integration.delivery.job_previews import since_previews


class MomentForm(forms.Form):
    """The time since when messages are sent again."""

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        widget = widgets.UnfoldAdminSplitDateTimeWidget()
        for part, label in zip(widget.widgets, ("Date", "Time"), strict=True):
            part.attrs["aria-label"] = label
        self.fields["since"] = LocalDateTimeField(
            label="Send again what was sent since", widget=widget
        )


def _offer(request: HttpRequest, integration: Integration, now: datetime) -> dict[str, Any]:
    form = MomentForm(request.GET if "since_0" in request.GET else None)
    extra: dict[str, Any] = {"form": form}
    if not form.is_valid():
        return extra
    since: datetime = form.cleaned_data["since"]
    if since >= now:
        form.add_error("since", "Choose a time in the past.")
        return extra
    return extra | {
        "offer": send_since.read_since_offer(integration, since),
        "since": since.isoformat(),
        "since_in_words": integration.business.clock.recent(since, now),
        "previews": since_previews(integration, since),
    }


def _start(request: HttpRequest, integration: Integration, now: datetime) -> Request | None:
    try:
        since = datetime.fromisoformat(request.POST.get("since", ""))
        if since.tzinfo is None:
            return None
        return send_since.request_send_since(integration.pk, since, request.user, now)
    except (ValueError, CannotSendAgain):
        return None


SINCE_PAGE = JobPage(
    Request.Kind.SEND_SINCE,
    "smrt/integration/since.html",
    "Send again after a wrong key",
    _offer,
    _start,
)
