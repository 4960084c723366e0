"""The send log: what happened to every message, and sending again what Segment does not have."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from events.models import SendLog
from events.send_log import pages
from events.send_log.entries import LogPage, LogPosition
from events.send_log.filter import MessageFilter
from smrt_integration.admin.messages import detail, export, resend
from smrt_integration.admin.messages.filters import FilterForm
from smrt_integration.admin.messages.list_admin import MessagesAdmin
from smrt_integration.admin.messages.message_rows import send_log_rows


@admin.register(SendLog)
class SendLogAdmin(MessagesAdmin):
    shows_outcomes = True
    list_title = "Send log"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export_view), name="events_sendlog_export"),
            path("resend/", view(self.resend_view), name="events_sendlog_resend"),
            path(
                "<int:entry_id>/resend/",
                view(self.resend_one_view),
                name="events_sendlog_resend_one",
            ),
            *super().get_urls(),
        ]

    def rows_context(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        page, newer, older = self._page(request, matching)
        several = matching.businesses is None or len(matching.businesses) > 1
        return {
            "rows": send_log_rows(page.entries, timezone.now(), several=several),
            "cut": page.cut,
            "scanned": pages.LOG_ROWS_SCANNED,
            "newer": newer and page.entries and form.address(after=str(page.entries[0].position)),
            "older": older and page.entries and form.address(before=str(page.entries[-1].position)),
        }

    def _page(self, request: HttpRequest, matching: MessageFilter) -> tuple[LogPage, bool, bool]:
        after, before = (
            LogPosition.parse(request.GET.get(name, "")) for name in ("after", "before")
        )
        return pages.adjacent_page(matching, self.per_page, after=after, before=before)

    def actions_context(
        self, request: HttpRequest, form: FilterForm, matching: MessageFilter
    ) -> dict[str, Any]:
        return resend.actions_context(request.user, form, matching)

    def handle_post(self, request: HttpRequest) -> HttpResponse:
        return resend.resend_selected(request, self)

    def message_context(self, request: HttpRequest, row: SendLog) -> dict[str, Any]:
        return detail.send_log_context(request.user, row, timezone.now())

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        return export.view(request, self)

    def resend_view(self, request: HttpRequest) -> HttpResponseBase:
        return resend.resend_matching(request, self)

    def resend_one_view(self, request: HttpRequest, entry_id: int) -> HttpResponseBase:
        return resend.resend_one(request, self, str(entry_id))
