"""The one place that says what admin pages are made of (the theme) and what they show: only rows of the user's businesses.

Every list, page, choice, autocomplete, search, action and export starts from `ScopedAdmin.get_queryset`; another business's object
answers as one that does not exist.
"""

from typing import TYPE_CHECKING, Any, ClassVar

import unfold.admin
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from customers import access

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = unfold.admin.ModelAdmin
    TabularInline = unfold.admin.TabularInline

PAGE = 50


class ScopedAdmin(ModelAdmin):
    """`business_path` is the lookup from the model to its business."""

    business_path: ClassVar[str] = "business"
    list_per_page = PAGE
    # Counting a large table takes seconds, and nobody needs the number.
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        if request.user.is_active and request.user.is_superuser:
            return rows
        return rows.filter(**{f"{self.business_path}__in": access.businesses_of(request.user)})

    def business_id_of(self, row: models.Model) -> int | None:
        *way, last = self.business_path.split("__")
        owner: Any = row
        for name in way:
            owner = getattr(owner, name)
        # the column, not the object: a log outlives its business
        business_id: int | None = getattr(owner, last if last == "pk" else f"{last}_id")
        return business_id

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_view_permission(request, obj) and (obj is None or access.may_see(request.user, self.business_id_of(obj)))

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or access.may_manage(request.user, self.business_id_of(obj)))

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or access.may_manage(request.user, self.business_id_of(obj)))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        related = self.admin_site._registry.get(db_field.remote_field.model)
        if isinstance(related, ScopedAdmin) and "queryset" not in kwargs:
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class RecordAdmin(ScopedAdmin):
    pass


class ReadOnlyAdmin(ScopedAdmin):
    """To look at: such rows come about, and change, by what the business does."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ShownWith(TabularInline):
    """Rows that are shown with the record they belong to, and changed by its actions only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False
