"""The integration's page: show it, and save what was changed on it and nothing else."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from customers import access
from customers.admin_base import ROWS_PER_PAGE, ScopedAdmin
from customers.models import Business
from events.encryption import Unreadable
from events.lanes import lane_control
from events.lanes.read_status import lane_status, lane_statuses
from events.lanes.status import (
    CHOICE_WANTED,
    status_sentence,
)
from events.models import Integration, Request, SwitchChange
from smrt_integration.admin.integration import choice, held_choice, preview, send_test_event
from smrt_integration.admin.integration.backfill_page import BACKFILL_PAGE
from smrt_integration.admin.integration.form import IntegrationForm
from smrt_integration.admin.integration.show_status import lane_context
from smrt_integration.admin.integration.since_page import SINCE_PAGE
from smrt_integration.admin.integration.sync_page import SYNC_PAGE
from smrt_integration.admin.integration.what_was_before import before_context, unknown_customers

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.forms import ModelForm

View = Callable[[HttpRequest, Integration, dict[str, Any]], HttpResponseBase]


CHANGES_SHOWN = 10
"""Recent changes of switches; the timeline of a customer says what matters of older ones."""


@admin.register(Integration)
class IntegrationAdmin(ScopedAdmin):
    """Every business has this page. The first save creates its row; reading it writes nothing."""

    form = IntegrationForm
    change_form_template = "smrt/integration/page.html"
    list_before_template = "smrt/integration/without_settings.html"
    list_display = ("business", "status", "region", "present_write_key")
    list_display_links = ("business",)
    list_select_related = ("business",)
    search_fields = ("business__name__folded_start",)
    ordering = ("business__name",)
    actions = None
    warn_unsaved_form = True

    class Media:
        css = {"all": ["smrt/integration.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: each business has one already."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and (
            obj is None or access.may_see(request.user, obj.pk)
        )

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Check the business of a row that is not saved yet, too."""
        return super().has_change_permission(request, obj) and (
            obj is None or access.may_manage(request.user, obj.pk)
        )

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False: switching off is enough, and keeps what waits."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:business_id>/waiting/",
                view(self.waiting_view),
                name="events_integration_waiting",
            ),
            path("<int:business_id>/held/", view(self.held_view), name="events_integration_held"),
            path(
                "<int:business_id>/preview/",
                view(self.preview_view),
                name="events_integration_preview",
            ),
            path("<int:business_id>/test/", view(self.test_view), name="events_integration_test"),
            path("<int:business_id>/sync/", view(self.sync_view), name="events_integration_sync"),
            path(
                "<int:business_id>/past/", view(self.past_view), name="events_integration_backfill"
            ),
            path(
                "<int:business_id>/again/", view(self.again_view), name="events_integration_again"
            ),
            *super().get_urls(),
        ]

    # the business of the page

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Integration | None:
        """Return the integration, unsaved if the business has no row yet.

        For a save, lock the business and the row, so that saves do not overwrite each other.
        """
        if not str(object_id).isdigit() or len(str(object_id)) > 18:
            return None
        businesses, rows = (
            access.businesses_of(request.user),
            self.get_queryset(request).select_related("business"),
        )
        if request.method == "POST" and transaction.get_connection().in_atomic_block:
            businesses = businesses.select_for_update(no_key=True, of=("self",))
            rows = rows.select_for_update(no_key=True, of=("self",))
        business = businesses.filter(pk=object_id).first()
        if business is None:
            return None
        integration: Integration | None = rows.filter(pk=object_id).first()
        return integration or Integration(business=business)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect a user with one business to its page."""
        businesses = access.businesses_of(request.user)
        if not request.user.is_superuser and self.has_view_permission(request):
            first_two = list(businesses.values_list("pk", flat=True)[:2])
            if len(first_two) == 1:
                return HttpResponseRedirect(
                    reverse("admin:events_integration_change", args=first_two)
                )
        without = businesses.filter(integration=None).order_by("name")[:ROWS_PER_PAGE]
        response: HttpResponse = super().changelist_view(
            request, {"without_settings": without, **(extra_context or {})}
        )
        return response

    def get_changelist_instance(self, request: HttpRequest) -> "ChangeList":
        changelist: ChangeList = super().get_changelist_instance(request)
        rows: list[Any] = list(changelist.result_list)
        statuses = lane_statuses([row.pk for row in rows])
        for row in rows:
            row.lane_status = statuses[row.pk]
        changelist.result_list = rows
        return changelist

    @admin.display(description="status")
    def status(self, integration: Any) -> str:
        return status_sentence(integration.lane_status, timezone.now())

    @admin.display(description="write key")
    def present_write_key(self, integration: Integration) -> str:
        if isinstance(integration.write_key, Unreadable):
            return "cannot be read"
        return f"ends in {integration.write_key[-4:]}" if integration.write_key else "none"

    # showing and saving

    @method_decorator(sensitive_post_parameters("write_key"))
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Keep the write key out of error reports."""
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(
            "IntegrationForm", (form,), {"may_change": self.has_change_permission(request, obj)}
        )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        business = obj.business
        context |= {
            "title": "Segment integration",
            "subtitle": business.name,
            "business": business,
            "may_change": self.has_change_permission(request, obj),
            "recent_changes": self._recent_changes(business),
            "discarding": Request.objects.filter(
                business=business, kind=Request.Kind.DISCARD, finished_at=None
            ).first(),
            **before_context(obj),
            # The template shows errors itself.
            "errors": (),
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            **lane_context(business.pk),
        }
        response: HttpResponse = super().render_change_form(
            request, context, add, change, form_url, obj
        )
        return response

    def _recent_changes(self, business: Business) -> list[tuple[str, str, str]]:
        now = timezone.now()
        changes = SwitchChange.objects.filter(business=business).order_by("-at", "-id")[
            :CHANGES_SHOWN
        ]
        return [
            (
                business.clock.when(change.at, now),
                change.event or "The integration",
                "on" if change.on else "off",
            )
            for change in changes
        ]

    def save_model(
        self, request: HttpRequest, obj: Integration, form: "ModelForm[Any]", change: bool
    ) -> None:
        integration_form: Any = form
        lane_control.save_config(obj, integration_form.changed_columns)

    def response_change(self, request: HttpRequest, obj: Integration) -> HttpResponse:
        if obj.enabled and lane_status(obj.pk).stopped == CHOICE_WANTED:
            messages.warning(
                request,
                "Saved and switched on. "
                "Now choose whether to send or discard the events from before.",
            )
            return HttpResponseRedirect(reverse("admin:events_integration_waiting", args=[obj.pk]))
        messages.success(
            request,
            "Saved. The new settings apply from now on."
            if obj.enabled
            else "Saved. The integration is switched off.",
        )
        if obj.enabled and "enabled" in obj.changed and (unknown := unknown_customers(obj)):
            messages.info(request, f"{unknown} See “What was there before” on this page.")
        return HttpResponseRedirect(reverse("admin:events_integration_change", args=[obj.pk]))

    # what owners can do

    def waiting_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, choice.view, owners_only=True)

    def held_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, held_choice.view, owners_only=True)

    def test_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, send_test_event.view, owners_only=True)

    def sync_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, SYNC_PAGE.view, owners_only=True)

    def past_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, BACKFILL_PAGE.view, owners_only=True)

    def again_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, SINCE_PAGE.view, owners_only=True)

    def preview_view(self, request: HttpRequest, business_id: int) -> HttpResponseBase:
        return self._own_view(request, business_id, preview.view, owners_only=False)

    def _own_view(
        self, request: HttpRequest, business_id: int, view: View, owners_only: bool
    ) -> HttpResponseBase:
        """Check the user's permissions, then show the view."""
        integration = self.get_object(request, str(business_id))
        if integration is None or not self.has_view_permission(request, integration):
            return self.not_found(request, business_id)
        if owners_only and not self.has_change_permission(request, integration):
            raise PermissionDenied
        return view(request, integration, self._context(request, integration))

    def _context(self, request: HttpRequest, integration: Integration) -> dict[str, Any]:
        return {
            **self.page_context(request),
            "integration": integration,
            "business": integration.business,
            "back": reverse("admin:events_integration_change", args=[integration.pk]),
            **lane_context(integration.pk),
        }
