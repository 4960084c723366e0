"""The list of exports, the page of one, which becomes its download, and the download itself."""

from typing import Any

import structlog
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify

from customers.admin_base import ReadOnlyAdmin
from customers.business_clock import UTC_CLOCK, BusinessClock
from customers.clock_in_use import on_page
from customers.models import Business
from smrt_integration.admin.exports.progress import Progress, progress, until_text
from smrt_integration.exports.download import Download, DownloadRefused, MissingPart, limit_time
from smrt_integration.exports.models import Export

log = structlog.get_logger(__name__)

REFRESH_SECONDS = 3
"""Soon enough for somebody who watches, and a small load."""
EXPORT_GONE = (
    "There is no such export.",
    "We keep each export for one day. Export again from the send log.",
)
EXPORT_BUSY = (
    "Another export is being downloaded right now.",
    "Wait on this page. Your download begins by itself.",
)
EXPORT_MISSING = (
    "The file of this export is missing.",
    "Export again from the send log. If that fails too, tell support.",
)


@admin.register(Export)
class ExportAdmin(ReadOnlyAdmin):
    is_small = True
    list_display = (
        "what",
        "business",
        "asked_by",
        "asked_at",
        "row_count",
        "state",
        "downloadable_until",
    )
    list_display_links = ("what",)
    list_select_related = ("business", "requested_by")
    list_before_template = "smrt/exports/introduction.html"
    ordering = ("-pk",)
    actions = None

    class Media:
        css = {"all": ["smrt/messages.css"]}

    def _scope(
        self,
        request: HttpRequest,
        rows: models.QuerySet[Any],
        businesses: models.QuerySet[Business],
    ) -> models.QuerySet[Any]:
        """Return the exports whose businesses the user sees, all of them at this time."""
        if request.user.is_active and request.user.is_superuser:
            return rows
        ids = list(businesses.values_list("pk", flat=True))
        return rows.filter(matching__businesses__contained_by=ids)

    def is_allowed(self, request: HttpRequest, obj: Any, allowed: Any) -> bool:
        if obj is None or request.user.is_superuser:
            return True
        ids = obj.matching["businesses"]
        return bool(ids) and all(allowed(request.user, business_id) for business_id in ids)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        return [
            path("<int:export_id>/download/", view, name="smrt_integration_export_download"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        export = self.get_object(request, object_id) if len(object_id) < 19 else None
        if export is None or not self.has_view_permission(request, export):
            return self._notice(request, EXPORT_GONE, 404)
        context = {
            **self.page_context(request),
            "title": "Export",
            "export": export,
            "progress": _progress(export),
            "refresh_seconds": REFRESH_SECONDS,
            "asked_by": self.asked_by(export),
            "asked_at": self.asked_at(export),
        }
        return TemplateResponse(request, "smrt/exports/export.html", context)

    def download_view(self, request: HttpRequest, export_id: int) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        export = self.get_object(request, str(export_id))
        if export is None or not self.has_view_permission(request, export):
            return self._notice(request, EXPORT_GONE, 404)
        if not _progress(export).ready:
            return HttpResponseRedirect(_address(export))
        try:
            content = Download(export)
        except MissingPart:
            log.warning("export_file_missing", export=export.pk)
            return self._notice(request, EXPORT_MISSING, 410)
        except DownloadRefused:
            busy = self._notice(request, EXPORT_BUSY, 503)
            # Browsers follow it without a script.
            busy.headers["Refresh"] = busy.headers["Retry-After"] = str(REFRESH_SECONDS)
            return busy
        limit_time(request.META)
        return _file_response(export, content)

    def _notice(self, request: HttpRequest, texts: tuple[str, str], status: int) -> HttpResponse:
        """Say what is wrong with a download, and what to do."""
        context = {
            **self.page_context(request),
            "title": "Export",
            "sentence": texts[0],
            "to_do": texts[1],
        }
        return TemplateResponse(request, "smrt/exports/notice.html", context, status=status)

    # columns

    @admin.display(description="what")
    def what(self, export: Export) -> str:
        return export.filter_in_words

    @admin.display(description="asked for by")
    def asked_by(self, export: Export) -> str:
        user = export.requested_by
        return (user.get_full_name() or user.get_username()) if user else "A deleted user"

    @admin.display(description="asked for", ordering="requested_at")
    def asked_at(self, export: Export) -> str:
        return _clock(export).recent(export.requested_at, timezone.now())

    @admin.display(description="rows")
    def row_count(self, export: Export) -> str:
        return f"{export.rows:,}"

    @admin.display(description="state")
    def state(self, export: Export) -> str:
        shown = _progress(export)
        if not shown.ready:
            return shown.word
        address = reverse("admin:smrt_integration_export_download", args=[export.pk])
        return format_html('<a class="msg-link" href="{}">Download</a>', address)

    @admin.display(description="until")
    def downloadable_until(self, export: Export) -> str:
        return until_text(export, timezone.now(), _clock(export))


def _clock(export: Export) -> BusinessClock:
    return on_page(export.business.clock if export.business else UTC_CLOCK)


def _progress(export: Export) -> Progress:
    return progress(export, timezone.now(), _clock(export))


def _address(export: Export) -> str:
    return reverse("admin:smrt_integration_export_change", args=[export.pk])


def _file_response(export: Export, content: Download) -> HttpResponseBase:
    name = slugify(export.business.name) if export.business else "all"
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Length"] = str(export.bytes)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="send-log-{name}-{_clock(export).day_of(export.requested_at)}.csv"'
    )
    return response
