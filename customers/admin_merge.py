"""Admin pages that save what their user changed (see `customers.merged_forms`)."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.crypto import constant_time_compare

from customers.merged_forms import IN_CONFLICT, SEEN, MergedForm, merged, seen_values
from customers.models import Customer

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Admin = ModelAdmin[Any]
else:
    _Admin = object

STATE = "@state"
"""The record's state among the values that a page carries. Pages never change it themselves."""
STATE_FIELD = "status"


class MergedChanges(_Admin):
    """Mixin for the page that changes one record, with the rows below it."""

    change_form_before_template: ClassVar[str] = "admin/merged_changes.html"

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the record, for a save locked and as it is now."""
        record = super().get_object(request, object_id, from_field)
        if record is None or not _is_saving(request):
            return record
        customer_id = getattr(record, "customer_id", None)
        if customer_id is not None:
            # The customer first, as everywhere, so that no two changes wait for each other.
            _lock(Customer, customer_id)
        _lock(type(record), record.pk)
        return super().get_object(request, object_id, from_field)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return form if obj is None else merged(form)

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Iterator[Any]:
        for formset, inline in super().get_formsets_with_inlines(request, obj):
            if obj is not None:
                formset.form = merged(formset.form)
            yield formset, inline

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Any, inline: Any, prefix: str
    ) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if _is_saving(request) and obj.pk is not None:
            kwargs["queryset"] = kwargs["queryset"].select_for_update(no_key=True, of=("self",))
        return kwargs

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Refuse a save when the record reached another state than the one that its user saw."""
        if request.method == "POST" and object_id is not None:
            with transaction.atomic():
                problem = self._state_problem(request, object_id)
            if problem:
                messages.error(request, problem)
                return HttpResponseRedirect(request.get_full_path())
        return super().changeform_view(request, object_id, form_url, extra_context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        forms = [context["adminform"].form] if "adminform" in context else []
        for inline in context.get("inline_admin_formsets", ()):
            forms += inline.formset.initial_forms
        merged_forms = [form for form in forms if isinstance(form, MergedForm)]
        if merged_forms and self.has_change_permission(request, merged_forms[0].instance):
            seen = {form.prefix or "": form.digests() for form in merged_forms}
            record = merged_forms[0].instance
            seen.setdefault("", {})[STATE] = self._state_shown(request, record)
            context |= {
                "seen_name": SEEN,
                "seen": json.dumps(seen, separators=(",", ":")),
                "in_conflict_name": IN_CONFLICT,
                "conflicts": [conflict for form in merged_forms for conflict in form.conflicts],
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log a change unless nothing was changed."""
        return super().log_change(request, obj, message) if message else None

    def _state_problem(self, request: HttpRequest, object_id: str) -> str:
        seen = seen_values(request.POST).get("", {}).get(STATE)
        record = self.get_object(request, object_id) if seen else None
        if record is None or constant_time_compare(str(seen), self._state_of(record)):
            return ""
        state = str(record.get_status_display()).lower()
        return (
            f"Nothing was saved: while you had this page open, the {self.opts.verbose_name} became "
            f"{state}. Look at it again below."
        )

    def _state_shown(self, request: HttpRequest, record: Any) -> str:
        """Return the state for the page. One that is shown again was not saved, so it is as now."""
        return self._state_of(record)

    def _state_of(self, record: Any) -> str:
        try:
            self.opts.get_field(STATE_FIELD)
        except FieldDoesNotExist:
            return ""
        return str(getattr(record, STATE_FIELD))


def _is_saving(request: HttpRequest) -> bool:
    return request.method == "POST" and transaction.get_connection().in_atomic_block


def _lock(model: Any, pk: Any) -> None:
    list(model._base_manager.filter(pk=pk).select_for_update(no_key=True).values_list("pk"))
