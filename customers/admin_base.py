"""The one place that says what the admin pages of records are made of, so that a theme replaces it here."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline

PAGE = 50


class RecordAdmin(ModelAdmin):
    list_per_page = PAGE
    # Counting a large table takes seconds, and nobody needs the number.
    show_full_result_count = False


class RecordedElsewhere(RecordAdmin):
    """To look at: such records come about, and change, by the actions of the business."""

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
