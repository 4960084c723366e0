"""Deleting rows in the admin, without pages and queries that grow with the business's history.

Django's pages list everything that would be deleted, and everything that keeps a row from being
deleted: all orders of a store.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.contrib.admin.actions import delete_selected
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    _Admin = object

PROTECTING_ROWS_NAMED: Final = 5
"""Per kind of record: enough to see why a row cannot be deleted."""
TOO_MANY_TO_DELETE: Final = "Nothing was deleted: select at most one page of rows at a time."


class BoundedDeletion(_Admin):
    """Mixin for pages of records."""

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[Any], *options: Any
    ) -> HttpResponse | None:
        action = request.POST.get("action")
        if action == delete_selected.__name__ and request.POST.get("select_across") == "1":
            messages.warning(request, TOO_MANY_TO_DELETE)
            return HttpResponseRedirect(request.get_full_path())
        return super().response_action(request, queryset, *options)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        rows = list(objs)
        protecting = list(_protecting_rows(rows)) if rows else []
        if protecting:
            return [], {}, set(), protecting
        return super().get_deleted_objects(rows, request)


def _protecting_rows(rows: Iterable[models.Model]) -> Iterator[str]:
    """Return some of the rows that refer to these and forbid to delete them."""
    rows = list(rows)
    for relation in rows[0]._meta.get_fields(include_hidden=True):
        if getattr(relation, "on_delete", None) is not models.PROTECT or relation.concrete:
            continue
        model: Any = relation.related_model
        field_name = relation.field.name  # type: ignore[union-attr]
        referring = model._base_manager.filter(**{f"{field_name}__in": rows})
        named = list(referring[: PROTECTING_ROWS_NAMED + 1])
        for row in named[:PROTECTING_ROWS_NAMED]:
            yield f"{str(model._meta.verbose_name).capitalize()}: {row}"
        if len(named) > PROTECTING_ROWS_NAMED:
            yield f"and more {model._meta.verbose_name_plural}"
