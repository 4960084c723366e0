"""The list of imports, the page to choose a file, and the page of one import."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import models, transaction
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
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from customers import access
from customers.admin_base import ScopedAdmin
from customers.clock_in_use import on_page
from customers.errors import ActionRefused
from smrt_integration.admin.imports.lines import lines_page
from smrt_integration.admin.imports.stages import stage_of
from smrt_integration.admin.imports.upload import UPLOADS_BUSY, UploadForm, kind_of
from smrt_integration.api.uploads import TooManyUploads, upload_turn
from smrt_integration.exports.download import limit_time
from smrt_integration.imports import control
from smrt_integration.imports.create_import import create_import, recognize_columns
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.recognize import choices
from smrt_integration.imports.results import refused_lines_csv

WATCH_SECONDS: Final = 2
"""Soon enough for somebody who watches a progress bar, and a small load."""
WATCH_SECONDS_WITHOUT_SCRIPT: Final = 5
IMPORT_GONE: Final = "There is no such import. We keep each for one day."
CONTROLS: Final[Mapping[str, Callable[[CustomerImport], None]]] = {
    "pause": control.pause,
    "resume": control.resume,
    "cancel": control.cancel,
}


@admin.register(CustomerImport)
class CustomerImportAdmin(ScopedAdmin):
    is_small = True
    list_display = ("file_name", "business", "asked_by", "asked_at", "state_in_words", "result")
    list_select_related = ("business",)
    list_before_template = "smrt/imports/introduction.html"
    ordering = ("-pk",)
    actions = None

    class Media:
        css = {"all": ["smrt/messages.css", "smrt/imports.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False: an import and its file are deleted after a day."""
        return False

    def get_urls(self) -> list[URLPattern]:
        refused = self.admin_site.admin_view(self.refused_view)
        # Checking the CSRF token reads the file, so `_guarded` first asks who sends it.
        add = self.admin_site.admin_view(csrf_exempt(self._guarded))
        return [
            path("add/", add, name="smrt_integration_customerimport_add"),
            path(
                "<int:import_id>/refused/", refused, name="smrt_integration_customerimport_refused"
            ),
            *super().get_urls(),
        ]

    # choose a file

    def _guarded(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_add_permission(request):
            raise PermissionDenied
        view = csrf_protect(self._choose)
        if request.method != "POST":
            return view(request)
        # Also a small file: one kind of handling is enough.
        request.upload_handlers = [TemporaryFileUploadHandler(request)]
        try:
            with upload_turn(request.META):
                return view(request)
        except TooManyUploads:
            messages.error(request, UPLOADS_BUSY)
            return HttpResponseRedirect(request.path)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or keep the file and lead to the page of its import."""
        businesses = self.formfield_for_foreignkey(self.opts.get_field("business"), request)
        only = access.only_business_of(request.user)
        if request.method == "POST":
            form = UploadForm(businesses, only, request.POST, request.FILES)
            if form.is_valid() and (kept := self._keep(request, form)):
                self.log_addition(request, kept, "Uploaded.")
                return HttpResponseRedirect(_address(kept))
        else:
            form = UploadForm(businesses, only)
        context = {**self.page_context(request), "title": "Import customers", "form": form}
        return TemplateResponse(request, "smrt/imports/choose.html", context)

    def _keep(self, request: HttpRequest, form: UploadForm) -> CustomerImport | None:
        values = form.cleaned_data
        file = values["file"]
        user: Any = request.user
        try:
            return create_import(
                values["business"], file, file.name, kind_of(file.name), user, dry_run=True
            )
        except ActionRefused as refusal:
            form.add_error("file", refusal.message)
            return None

    # the page of one import

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        kept = self.get_object(request, object_id) if len(object_id) < 19 else None
        if kept is None or not self.has_view_permission(request, kept):
            return self._gone(request)
        if request.method != "POST":
            return self._page(request, kept)
        if not self.has_change_permission(request, kept):
            raise PermissionDenied
        chosen = {
            heading: request.POST.get(f"column-{number}", "")
            for number, heading in enumerate(kept.columns)
        }
        try:
            return HttpResponseRedirect(_address(self._do(request, kept, chosen)))
        except ActionRefused as refusal:
            messages.error(request, refusal.message)
        if request.POST.get("do") == "check":
            return self._page(request, kept, chosen)
        return HttpResponseRedirect(_address(kept))

    def _do(
        self, request: HttpRequest, kept: CustomerImport, chosen: Mapping[str, str]
    ) -> CustomerImport:
        """Do what the pressed button says. Returns the import to show. Raises ActionRefused."""
        what = request.POST.get("do", "")
        if what == "check":
            with transaction.atomic():
                control.assign_columns(kept, chosen, request.POST.get("day_order", ""))
                control.start(kept)
        elif what == "import":
            kept = control.import_after_dry_run(kept)
        elif what in CONTROLS:
            CONTROLS[what](kept)
        else:
            return kept
        self.log_change(request, kept, f"Pressed {what.capitalize()}.")
        return kept

    def _page(
        self, request: HttpRequest, kept: CustomerImport, chosen: Mapping[str, str] | None = None
    ) -> HttpResponse:
        stage = stage_of(kept)
        context = {
            **self.page_context(request),
            "title": kept.file_name,
            "kept": kept,
            "stage": stage,
            "buttons": stage.buttons if self.has_change_permission(request, kept) else {},
            "may_assign": self.has_change_permission(request, kept),
            "watch_seconds": WATCH_SECONDS,
            "slow_watch_seconds": WATCH_SECONDS_WITHOUT_SCRIPT,
            "asked_by": kept.requested_by_name,
            "asked_at": self.asked_at(kept),
        }
        if kept.state == CustomerImport.State.COLUMNS:
            context |= self._columns(request, kept, chosen)
            template = "smrt/imports/columns.html"
        else:
            context["page"] = lines_page(kept, request.GET)
            template = "smrt/imports/import.html"
        return TemplateResponse(request, template, context)

    def _columns(
        self, request: HttpRequest, kept: CustomerImport, chosen: Mapping[str, str] | None
    ) -> dict[str, Any]:
        try:
            columns = recognize_columns(kept)
        except ActionRefused as refusal:
            messages.error(request, refusal.message)
            columns = []
        return {
            "columns": [
                column._replace(field=chosen[column.heading]) if chosen else column
                for column in columns
            ],
            "choices": choices(kept.business),
            "day_orders": CustomerImport.DayOrder.choices,
            "day_order": request.POST.get("day_order") or kept.day_order,
        }

    def refused_view(self, request: HttpRequest, import_id: int) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        kept = self.get_object(request, str(import_id)) if import_id < 2**63 else None
        if kept is None or not self.has_view_permission(request, kept):
            return self._gone(request)
        limit_time(request.META)
        return StreamingHttpResponse(
            refused_lines_csv(kept),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="refused-lines.csv"'},
        )

    def _gone(self, request: HttpRequest) -> HttpResponse:
        context = {**self.page_context(request), "title": "Import", "sentence": IMPORT_GONE}
        return TemplateResponse(
            request, "smrt/imports/notice.html", context, status=HTTPStatus.NOT_FOUND
        )

    # columns of the list

    @admin.display(description="asked for by", ordering="requested_by_name")
    def asked_by(self, kept: CustomerImport) -> str:
        return kept.requested_by_name

    @admin.display(description="asked for", ordering="requested_at")
    def asked_at(self, kept: CustomerImport) -> str:
        return on_page(kept.business.clock).recent(kept.requested_at, timezone.now())

    @admin.display(description="state")
    def state_in_words(self, kept: CustomerImport) -> str:
        return stage_of(kept).word

    @admin.display(description="result")
    def result(self, kept: CustomerImport) -> str:
        return (
            f"{kept.created:,} new, {kept.updated:,} changed, {kept.refused:,} refused"
            if kept.lines
            else ""
        )


def _address(kept: CustomerImport) -> str:
    return reverse("admin:smrt_integration_customerimport_change", args=[kept.pk])
