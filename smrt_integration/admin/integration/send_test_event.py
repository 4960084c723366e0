"""The button that sends a test event, and its result in a sentence."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import timezone

from events.models import Integration
from smrt_integration.delivery import send_test_event
from smrt_integration.delivery.responses import COPY_THE_KEY, Decision
from smrt_integration.delivery.send_test_event import TEST_EVENT, SentTestEvent

LOOK_IN_SEGMENT = (
    "Segment accepts events even with a write key of another source, so please check there: "
    "open Connections > Sources > your source > Debugger. Within a minute it shows a “{event}” "
    "with the text “{text}”. If it does not, try once more; if it still does not, the write key "
    "belongs to another source."
)
NO_KEY = (
    "There is no readable write key to send with. Enter the write key below and save, "
    "then send the test event."
)


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not integration.write_key:
        messages.error(request, NO_KEY)
    else:
        moment = integration.business.clock.moment(timezone.now(), seconds=True)
        text = f"Hello from SMRT, {moment}"
        _show_result(request, send_test_event.send_test_event(integration, text))
    return HttpResponseRedirect(context["back"])


def _show_result(request: HttpRequest, sent: SentTestEvent) -> None:
    if sent.accepted:
        where = LOOK_IN_SEGMENT.format(event=TEST_EVENT, text=sent.text)
        messages.success(request, f"Segment accepted the test event. {where}")
    elif sent.response.decision is Decision.BACK_OFF:
        messages.warning(
            request,
            f"The test event was not sent: {sent.response.error} Try again later.",
        )
    elif sent.response.decision is Decision.BISECT:
        messages.error(
            request,
            f"Segment refused the test event: it does not know the write key. {COPY_THE_KEY}",
        )
    else:
        messages.error(request, f"The test event was not sent: {sent.response.error}")
