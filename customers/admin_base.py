"""The base of all admin pages: the theme, and only rows of the user's businesses.

Every list, page, choice, filter, autocomplete, search, action and export starts from
`ScopedAdmin.get_queryset`. A row of another business looks like one that does not exist. Pages that
are not scoped are a `SupportAdmin`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import unfold.admin
from django.contrib import admin
from django.db import models
from django.forms import HiddenInput
from django.http import HttpRequest, HttpResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from customers import access
from customers.admin_clock import BusinessTimes, LocalTimeFields, LocalTimes
from customers.admin_delete import BoundedDeletion
from customers.admin_filters import scoped_filter
from customers.admin_lists import ListOfAnySize
from customers.admin_merge import MergedChanges
from customers.admin_search import FoundHoweverWritten
from customers.models import Business
from customers.number_forms import NUMBER_FIELDS

if TYPE_CHECKING:
    from django.forms import BaseInlineFormSet

    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    InlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    ModelAdmin = unfold.admin.ModelAdmin
    TabularInline = unfold.admin.TabularInline
    InlineFormSet = unfold.admin.TabularInline.formset

ROWS_PER_PAGE = 50
"""Enough for one screenful or two. A longer page is slower to load and to read."""


class ScopedChoices:
    """Mixin for pages and inlines: foreign keys offer only rows that the user may change.

    Fields of numbers follow the rules of the API.
    """

    admin_site: admin.AdminSite
    formfield_overrides: ClassVar[Any] = NUMBER_FIELDS

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Business and access.only_business_of(request.user):
            kwargs["widget"] = HiddenInput()
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def _choices(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the businesses that the user owns.

        A helper in another business may view its rows, but not refer to them.
        """
        model = db_field.remote_field.model
        related = self.admin_site._registry.get(model)
        if isinstance(related, ScopedAdmin):
            return related.managed_rows(request)
        unscoped: models.Manager[Any] = model._default_manager
        return unscoped.all() if request.user.is_superuser else unscoped.none()


class ScopedAdmin(
    ScopedChoices,
    ListOfAnySize,
    FoundHoweverWritten,
    BoundedDeletion,
    MergedChanges,
    BusinessTimes,
    ModelAdmin,
):
    """A page whose rows belong to a business. `business_path` is the lookup to that business."""

    business_path: ClassVar[str] = "business"
    list_per_page = ROWS_PER_PAGE

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self._scope(
            request, super().get_queryset(request), access.businesses_of(request.user)
        )

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the theme's templates need on a page of our own."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "has_view_permission": True,
        }

    def not_found(self, request: HttpRequest, object_id: int | str) -> HttpResponse:
        """Redirect, like Django, to the home page, with a message that the row does not exist."""
        redirect: Any = self._get_obj_does_not_exist_redirect  # type: ignore[attr-defined]
        response: HttpResponse = redirect(request, self.opts, str(object_id))
        return response

    def managed_rows(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that the user may change."""
        return self._scope(request, super().get_queryset(request), access.managed_by(request.user))

    def _scope(
        self,
        request: HttpRequest,
        rows: models.QuerySet[Any],
        businesses: models.QuerySet[Business],
    ) -> models.QuerySet[Any]:
        return (
            rows
            if request.user.is_active and request.user.is_superuser
            else rows.filter(**{f"{self.business_path}__in": businesses})
        )

    def business_id_of(self, row: models.Model) -> int | None:
        *relations, last = self.business_path.split("__")
        record: Any = row
        for name in relations:
            record = getattr(record, name)
        # The column, not the object: a log outlives its business.
        business_id: int | None = getattr(record, last if last == "pk" else f"{last}_id")
        return business_id

    # Permissions: what the group permits, in the business of the row.

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and access.manages_any(request.user)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and self.is_allowed(
            request, obj, access.may_see
        )

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self.is_allowed(
            request, obj, access.may_manage
        )

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self.is_allowed(
            request, obj, access.may_manage
        )

    def is_allowed(self, request: HttpRequest, obj: models.Model | None, allowed: Any) -> bool:
        if obj is None or request.user.is_superuser:
            return True
        return bool(allowed(request.user, self.business_id_of(obj)))

    # The business of a new or changed row.

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        return initial | (
            {"business": only} if (only := access.only_business_of(request.user)) else {}
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        """A record never moves to another business, nor to a record of another business."""
        fields = tuple(super().get_readonly_fields(request, obj))
        owner = self.business_path.split("__")[0]
        return (*fields, owner) if obj and owner not in {"pk", *fields} else fields

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        fields = tuple(super().get_autocomplete_fields(request))
        return tuple(
            name
            for name in fields
            if name != "business" or not access.only_business_of(request.user)
        )

    # A user of several businesses sees the business of each row, and can filter by it.

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        columns = tuple(super().get_list_display(request))
        return tuple(
            name
            for name in columns
            if name != "business" or not access.only_business_of(request.user)
        )

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        filters = tuple(name for name in super().get_list_filter(request) if name != "business")
        if self.business_path != "pk" and not access.only_business_of(request.user):
            filters = ((self.business_path, AutocompleteSelectFilter), *filters)
        return tuple(scoped_filter(self.model, entry) for entry in filters)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow only columns that the list shows or filters by.

        Otherwise a lookup in the URL would reveal how a hidden value begins.
        """
        column = lookup.split("__", maxsplit=1)[0]
        columns = {field.name for field in self.opts.concrete_fields} - {
            self.opts.pk.name,
            self.business_path.split("__")[0],
        }
        this_request: Any = request
        visible = {
            *self.get_list_display(this_request),
            *(
                entry[0] if isinstance(entry, tuple) else entry
                for entry in self.get_list_filter(this_request)
            ),
        }
        return (column not in columns or column in visible) and super().lookup_allowed(
            lookup, value, this_request
        )


class SupportAdmin(MergedChanges, LocalTimes, FoundHoweverWritten, ModelAdmin):
    """A page for support only, whatever a group permits: its rows concern all businesses."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser and super().has_module_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_superuser and super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_superuser and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.is_superuser and super().has_delete_permission(request, obj)


class ReadOnlyAdmin(ScopedAdmin):
    """A page that only shows rows: actions of the business create and change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class OwnRowsFormSet(InlineFormSet):
    """Limit submitted ids to rows of the record.

    Django looks up a submitted id among all rows, which would reveal whether another business's row
    exists.
    """

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        model: Any = self.model
        key = form.fields.get(model._meta.pk.name)
        if key is not None:
            key.queryset = self.get_queryset()


class ScopedInline(LocalTimeFields, ScopedChoices, TabularInline):
    """Rows that are edited on the page of their record, by users who may change that record."""

    extra = 0
    formset = OwnRowsFormSet

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and self._manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._manages(request, obj)

    def _manages(self, request: HttpRequest, parent: models.Model | None) -> bool:
        parent_admin = self.admin_site._registry[self.parent_model]
        return isinstance(parent_admin, ScopedAdmin) and parent_admin.is_allowed(
            request, parent, access.may_manage
        )


class ReadOnlyInline(TabularInline):
    """Rows that are shown on the page of their record, and changed only by its actions."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
