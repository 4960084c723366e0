"""The outbox: what waits, and why."""

from typing import Any, Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from customers import access
from events.lanes.read_status import lane_statuses
from events.lanes.status import (
    HELD_REMEDY,
    asks_about_held,
    held_sentence,
    remedy,
    status_sentence,
)
from events.models import HeldTrack, Outgoing
from events.models.outbox import WaitingMessage
from events.outbox import pages
from events.outbox.pages import OutboxPage
from events.send_log.filter import MessageFilter
from smrt_integration.admin.messages import detail
from smrt_integration.admin.messages.filters import FilterForm
from smrt_integration.admin.messages.list_admin import MessagesAdmin
from smrt_integration.admin.messages.message_rows import outbox_rows

NOT_WAITING: Final = (
    "This message is not waiting any more. If it was sent, you find it in the send log."
)


@admin.register(Outgoing)
class OutgoingAdmin(MessagesAdmin):
    shows_outcomes = False
    list_title = "Waiting"

    def rows_context(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        page, newer, older = self._page(request, matching)
        several = matching.businesses is None or len(matching.businesses) != 1
        now, statuses = timezone.now(), lane_statuses({row.business_id for row in page.entries})
        sentences = {
            business_id: status_sentence(status, now) for business_id, status in statuses.items()
        }
        last_id = page.entries[-1].id if page.more else page.scanned_to
        return {
            "rows": outbox_rows(page.entries, sentences if several else {}, now, several=several),
            # One business's status is above the list; of several, each row has its own.
            "lane_sentence": "" if several else " ".join(sentences.values()),
            "remedy": "" if several else " ".join(map(remedy, statuses.values())),
            "held_notes": [
                (held_sentence(status), _choice_url(request, business_id))
                for business_id, status in statuses.items()
                if not several and asks_about_held(status, now)
            ],
            "held_remedy": HELD_REMEDY,
            "cut": page.cut,
            "scanned": pages.OUTBOX_ROWS_SCANNED,
            "newer": newer and page.entries and form.address(before=str(page.entries[0].id)),
            "older": (older or page.scanned_to) and form.address(after=str(last_id)),
        }

    def _page(self, request: HttpRequest, matching: MessageFilter) -> tuple[OutboxPage, bool, bool]:
        after, before = (_id(request.GET.get(name, "")) for name in ("after", "before"))
        return pages.adjacent_page(matching, self.per_page, after=after, before=before)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the row of the outbox, or the held track with this id."""
        row = super().get_object(request, object_id, from_field)
        if row is not None or not object_id.isdigit():
            return row
        held = self._scope(request, HeldTrack.objects.all(), access.businesses_of(request.user))
        return held.filter(pk=object_id).first()

    def not_found(self, request: HttpRequest, object_id: int | str) -> HttpResponse:
        """Say that the message is gone, which is what happens to each when it is sent."""
        messages.warning(request, NOT_WAITING)
        return HttpResponseRedirect(reverse("admin:index"))

    def message_context(self, request: HttpRequest, row: WaitingMessage) -> dict[str, Any]:
        return detail.outbox_context(row, timezone.now())


def _choice_url(request: HttpRequest, business_id: int) -> str:
    """Return the address of the page where the user may choose; empty for helpers."""
    if not access.may_manage(request.user, business_id):
        return ""
    return reverse("admin:events_integration_held", args=[business_id])


def _id(text: str) -> int | None:
    return int(text) if text.isdigit() and len(text) < 19 else None
