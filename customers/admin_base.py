"""The one place that says what admin pages are made of (the theme) and what they show: only rows of the user's businesses.

Every list, page, choice, filter, autocomplete, search, action and export starts from `ScopedAdmin.get_queryset`; another business's object
answers as one that does not exist. What is not scoped is `SupportAdmin`.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import unfold.admin
from django.contrib import admin
from django.db import models
from django.forms import HiddenInput
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from customers import access
from customers.admin_filters import scoped_filter
from customers.models import Business

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


class ScopedChoices:
    """For pages and for rows shown within another's page: what a foreign key may be set to."""

    admin_site: admin.AdminSite

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Business and access.only_business_of(request.user):
            kwargs["widget"] = HiddenInput()
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def _choices(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]:
        """Of the businesses that the user owns: who helps in another one may look there, but refer to nothing."""
        model = db_field.remote_field.model
        related = self.admin_site._registry.get(model)
        if isinstance(related, ScopedAdmin):
            return related.managed_rows(request)
        others: models.QuerySet[Any] = (
            model._default_manager.all()
            if request.user.is_superuser
            else model._default_manager.none()
        )
        return others


class ScopedAdmin(ScopedChoices, ModelAdmin):
    """`business_path` is the lookup from the model to its business."""

    business_path: ClassVar[str] = "business"
    list_per_page = ROWS_PER_PAGE
    # Counting a large table takes seconds, and nobody needs the number.
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self._of(request, super().get_queryset(request), access.businesses_of(request.user))

    def managed_rows(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows that the user may change."""
        return self._of(request, super().get_queryset(request), access.managed_by(request.user))

    def _of(
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
        *way, last = self.business_path.split("__")
        owner: Any = row
        for name in way:
            owner = getattr(owner, name)
        # the column, not the object: a log outlives its business
        business_id: int | None = getattr(owner, last if last == "pk" else f"{last}_id")
        return business_id

    # what may be done: what the group permits, in the business of the row

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

    # whose it is

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = super().get_changeform_initial_data(request)
        return found | (
            {"business": only} if (only := access.only_business_of(request.user)) else {}
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: models.Model | None = None
    ) -> tuple[str, ...]:
        """A record never moves to another business, nor to what belongs to another one."""
        fields = tuple(super().get_readonly_fields(request, obj))
        way = self.business_path.split("__")[0]
        return (*fields, way) if obj and way not in {"pk", *fields} else fields

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        fields = tuple(super().get_autocomplete_fields(request))
        return tuple(
            name
            for name in fields
            if name != "business" or not access.only_business_of(request.user)
        )

    # who has several businesses sees which one a row is of, and chooses among them

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        columns = tuple(super().get_list_display(request))
        return tuple(
            name
            for name in columns
            if name != "business" or not access.only_business_of(request.user)
        )

    def get_list_filter(self, request: HttpRequest) -> tuple[Any, ...]:
        own = tuple(name for name in super().get_list_filter(request) if name != "business")
        if self.business_path != "pk" and not access.only_business_of(request.user):
            own = ((self.business_path, AutocompleteSelectFilter), *own)
        return tuple(scoped_filter(self.model, entry) for entry in own)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """In an address, only what the list shows or is filtered by: who may not read a column does not learn how it begins either."""
        first = lookup.split("__", maxsplit=1)[0]
        columns = {field.name for field in self.opts.concrete_fields} - {
            self.opts.pk.name,
            self.business_path.split("__")[0],
        }
        asked: Any = request
        shown = {
            *self.get_list_display(asked),
            *(
                entry[0] if isinstance(entry, tuple) else entry
                for entry in self.get_list_filter(asked)
            ),
        }
        return (first not in columns or first in shown) and super().lookup_allowed(
            lookup, value, asked
        )


class SupportAdmin(ModelAdmin):
    """For support alone, whatever the groups of others permit: such rows say something about everybody."""

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
    """To look at: such rows come about, and change, by what the business does."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class OwnRowsFormSet(InlineFormSet):
    """Django looks an id that is sent up among all rows, though it saves only the record's: so it tells another's row from none."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        model: Any = self.model
        key = form.fields.get(model._meta.pk.name)
        if key is not None:
            key.queryset = self.get_queryset()


class ScopedInline(ScopedChoices, TabularInline):
    """Rows that are changed within the page of the record they belong to, by whoever may change that."""

    extra = 0
    formset = OwnRowsFormSet

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_add_permission(request, obj) and self._manages(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._manages(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._manages(request, obj)

    def _manages(self, request: HttpRequest, parent: models.Model | None) -> bool:
        around = self.admin_site._registry[self.parent_model]
        return isinstance(around, ScopedAdmin) and around.is_allowed(
            request, parent, access.may_manage
        )


class ReadOnlyInline(TabularInline):
    """Rows that are shown with the record they belong to, and changed by its actions only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
