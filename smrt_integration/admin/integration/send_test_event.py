"""The button that sends a test event, and its result in a sentence."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect

from events.models import Integration
from smrt_integration.delivery import send_test_event
from smrt_integration.delivery.responses import Decision
from smrt_integration.delivery.send_test_event import TEST_EVENT, SentTestEvent

LOOK = (
    "Segment takes an event without telling whether the write key is the right one, so look for it there: open Connections, Sources, your "
    "source, Debugger. Within a minute it shows a “{event}” with the text “{text}”. If it does not, and not at another try either, the "
    "write key is another source's."
)
NO_KEY = "There is no readable write key to send with. Enter it below, save, and send the test event then."


def view(
    request: HttpRequest, integration: Integration, context: dict[str, Any]
) -> HttpResponseBase:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not integration.write_key:
        messages.error(request, NO_KEY)
    else:
        there = integration.business.now()
        _tell(
            request,
            send_test_event.send_test_event(
                integration, f"Hello from SMRT, {there.day} {there:%B} {there:%H:%M:%S}"
            ),
        )
    return HttpResponseRedirect(context["back"])


def _tell(request: HttpRequest, sent: SentTestEvent) -> None:
    if sent.accepted:
        messages.success(
            request,
            f"Segment accepted the test event. {LOOK.format(event=TEST_EVENT, text=sent.text)}",
        )
    elif sent.response.decision is Decision.BACK_OFF:
        messages.warning(
            request,
            f"The test event was not sent: {sent.response.error} It is not tried again by itself; try it later.",
        )
    elif sent.response.decision is Decision.BISECT:
        messages.error(
            request,
            "Segment refused the test event, which means that it does not know the write key. Copy it from Segment again and save it.",
        )
    else:
        messages.error(request, f"The test event was not sent: {sent.response.error}")
