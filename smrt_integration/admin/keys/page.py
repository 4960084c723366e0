"""The list of API keys, the page of one, and who may create and revoke them."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from customers.admin_base import ScopedAdmin
from customers.clock_in_use import on_page
from smrt_integration.admin.keys.create import choose_client, client_of, create
from smrt_integration.admin.keys.descriptions import scope_labels, scope_summary
from smrt_integration.api.models import ApiKey

CREATED_ALREADY = (
    "This key was created already, and we cannot show it again. "
    "If you did not copy it, revoke it below and create another one."
)


@admin.register(ApiKey)
class ApiKeyAdmin(ScopedAdmin):
    """Only a key's name can be changed.

    What a key may do stays as it was handed out, so that no copy of it gains rights later. To
    allow more or less, create another key and revoke this one.
    """

    is_small = True
    change_form_template = "smrt/keys/key.html"
    list_before_template = "smrt/keys/introduction.html"
    list_display = ("name", "business", "client", "prefix", "summary", "last_used", "state")
    list_filter = ("client",)
    list_select_related = ("business",)
    search_fields = ("name__folded_part", "=start", "business__name__folded_start")
    autocomplete_fields = ("business",)
    fields = ("business", "name", "client", "prefix", "allowed", "created", "last_used", "state")
    readonly_fields = ("client", "prefix", "allowed", "created", "last_used", "state")
    # Keys in use come first.
    ordering = (F("revoked_at").desc(nulls_first=True), "-pk")
    actions = None

    class Media:
        css = {"all": ["smrt/integration.css", "smrt/keys.css"]}

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False for a revoked key, which is only a record."""
        return super().has_change_permission(request, obj) and (
            not isinstance(obj, ApiKey) or obj.revoked_at is None
        )

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return False: revoking is enough, and keeps the record."""
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_view)
        return [
            path("<int:key_id>/revoke/", view, name="smrt_integration_apikey_revoke"),
            *super().get_urls(),
        ]

    # create a key

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        client, context = client_of(request), self._context(request)
        if client is None:
            return choose_client(request, context)
        businesses = self.formfield_for_foreignkey(self.opts.get_field("business"), request)
        try:
            with transaction.atomic():
                return create(request, client, businesses, self, context)
        except IntegrityError:
            return self._created_already(request)

    def _created_already(self, request: HttpRequest) -> HttpResponse:
        """Explain what happened to a form sent twice, for example by reloading the key's page."""
        messages.warning(request, CREATED_ALREADY)
        return HttpResponseRedirect(reverse("admin:smrt_integration_apikey_changelist"))

    # the page of one key

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Save nothing but the name: somebody may be revoking the key at the same time."""
        obj.save(update_fields=["name"])

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        context |= {"may_revoke": self.has_change_permission(request, obj)}
        context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        response: HttpResponse = super().render_change_form(
            request, context, add, change, form_url, obj
        )
        return response

    def revoke_view(self, request: HttpRequest, key_id: int) -> HttpResponseBase:
        key = self.get_object(request, str(key_id))
        if key is None or not self.has_view_permission(request, key):
            return self.not_found(request, key_id)
        if not super().has_change_permission(request, key):
            raise PermissionDenied
        if request.method == "POST" or key.revoked_at:
            return self._revoke(request, key)
        context = {
            "title": f"Revoke {key.name}",
            "key": key,
            "allowed": scope_labels(key.scopes),
            "last_used": self.last_used(key),
        }
        return TemplateResponse(request, "smrt/keys/revoke.html", self._context(request) | context)

    def _revoke(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        with transaction.atomic():
            if key.revoke(timezone.now()):
                self.log_change(request, key, "Revoked.")
                messages.success(request, f"{key.name} is revoked. Nobody can use it any more.")
            else:
                messages.info(request, f"{key.name} was already revoked.")
        return HttpResponseRedirect(reverse("admin:smrt_integration_apikey_change", args=[key.pk]))

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        back = reverse("admin:smrt_integration_apikey_changelist")
        return {**self.page_context(request), "back": back}

    # columns and fields

    @admin.display(description="begins with", ordering="start")
    def prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="what it may do")
    def summary(self, key: ApiKey) -> str:
        return scope_summary(key.scopes)

    @admin.display(description="what it may do")
    def allowed(self, key: ApiKey) -> str:
        return "\n".join(scope_labels(key.scopes))

    @admin.display(description="created", ordering="created_at")
    def created(self, key: ApiKey) -> str:
        return on_page(key.business.clock).recent(key.created_at, timezone.now())

    @admin.display(description="last used", ordering="last_used_at")
    def last_used(self, key: ApiKey) -> str:
        return (
            on_page(key.business.clock).recent(key.last_used_at, timezone.now())
            if key.last_used_at
            else "never"
        )

    @admin.display(description="state", ordering="revoked_at")
    def state(self, key: ApiKey) -> str:
        return (
            f"Revoked {on_page(key.business.clock).when(key.revoked_at, timezone.now())}"
            if key.revoked_at
            else "In use"
        )
