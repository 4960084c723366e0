"""Filters of lists that offer, and name, only records that the user may see."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.admin import (
    AllValuesFieldListFilter,
    FieldListFilter,
    RelatedFieldListFilter,
)
from django.contrib.admin.utils import get_fields_from_path
from django.db import models
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

if TYPE_CHECKING:
    _Filter = RelatedFieldListFilter
else:
    _Filter = object


class _Scoped(_Filter):
    """Mixin for a filter by a related record."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        if isinstance(self, AutocompleteSelectFilter):
            # The autocomplete loads its choices through the scoped admin of the related model.
            return super().field_choices(field, request, model_admin)
        ordering = self.field_admin_ordering(field, request, model_admin)
        visible = models.Q(pk__in=_visible_rows(field, request, model_admin).values("pk"))
        return list(
            field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=visible)
        )

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Name a chosen record only if the user may see it: anybody can write an id in the URL."""
        for choice in super().choices(changelist):
            for field in getattr(choice.get("form"), "fields", {}).values():
                if hasattr(field, "queryset"):
                    field.queryset = _visible_rows(self.field, self.request, changelist.model_admin)
            yield choice


def _visible_rows(field: Any, request: HttpRequest, model_admin: Any) -> models.QuerySet[Any]:
    """Rows of the related model that the user may see: none when the model has no page."""
    model = field.remote_field.model
    related = model_admin.admin_site._registry.get(model)
    rows: models.QuerySet[Any] = (
        related.get_queryset(request) if related else model._default_manager.none()
    )
    return rows


def scoped_filter(model: type[models.Model], entry: Any) -> Any:
    """Return the entry of `list_filter`, limited to records that the user may see."""
    if isinstance(entry, type):
        return entry
    path, kind = entry if isinstance(entry, list | tuple) else (entry, None)
    if not get_fields_from_path(model, path)[-1].is_relation:
        return entry
    return path, _scoped_class(kind or AutocompleteSelectFilter)


@cache
def _scoped_class(kind: type[FieldListFilter]) -> type[FieldListFilter]:
    return kind if issubclass(kind, _Scoped) else type(kind.__name__, (_Scoped, kind), {})


class FifthFilter(AllValuesFieldListFilter):
    """The filter by fifths, which does not look for the fifths that customers have."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lookup_choices: Any = range(1, 6)
