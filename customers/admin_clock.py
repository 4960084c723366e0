"""Times and days on admin pages: as the record's business writes them, on its own clock.

Lists, read-only fields, entered times and the history of every page go through here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib.admin.options import BaseModelAdmin, ModelAdmin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest, HttpResponse

from customers.business_clock import UTC_CLOCK, BusinessClock
from customers.clock_in_use import clock_in_use, on_page, use_clock
from customers.models import Business
from customers.time_forms import LocalDateField, LocalDateTimeField

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    _Fields = BaseModelAdmin[Any]
    _Admin = ModelAdmin[Any]
else:
    from unfold.views import ChangeList

    _Fields = object
    _Admin = object

EMPTY = "-"


@dataclass(frozen=True, slots=True)
class LocalValue:
    """A column or read-only field that writes a time or a day of the record."""

    name: str
    short_description: str
    clock_of: Callable[[Any], BusinessClock] = field(compare=False)

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def admin_order_field(self) -> str:
        return self.name

    def __call__(self, record: Any) -> str:
        value: date | None = getattr(record, self.name)
        if value is None:
            return EMPTY
        clock = self.clock_of(record)
        return on_page(clock).moment(value) if isinstance(value, datetime) else clock.day(value)


class LocalChangeList(ChangeList):
    """A list whose times and days are on each row's own clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own: Any = self.model_admin
        for name in ("list_display", "list_display_links", "sortable_by"):
            setattr(self, name, own.local_values(getattr(self, name)))


class LocalTimeFields(_Fields):
    """Mixin for pages and inlines: days and times are entered on the business's clock."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DateField):
            is_moment = isinstance(db_field, models.DateTimeField)
            kwargs["form_class"] = LocalDateTimeField if is_moment else LocalDateField
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class LocalTimes(LocalTimeFields, _Admin):
    """Mixin for admin pages. The base is for records of no business: their times are in UTC."""

    def clock_of(self, record: Any) -> BusinessClock:
        return UTC_CLOCK

    def local_values(self, names: Any, model: Any = None) -> Any:
        """Return the names of columns; those of times and days as a LocalValue."""
        if names is None:
            return None
        return [
            LocalValue(name, str(column.verbose_name), self.clock_of)
            if (column := _column(model or self.model, name))
            else name
            for name in names
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LocalChangeList

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """Return the record that the page is about, and use its clock for the page."""
        record = super().get_object(request, object_id, from_field)
        if record is not None and clock_in_use() is None:
            use_clock(self.clock_of(record))
        return record

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if "adminform" in context:
            _localize(self, context["adminform"], self.model)
        for inline in context.get("inline_admin_formsets", ()):
            _localize(self, inline, inline.opts.model)
        return super().render_change_form(request, context, *args, **kwargs)


class BusinessTimes(LocalTimes):
    """Mixin for pages of records that belong to a business."""

    if TYPE_CHECKING:
        business_path: ClassVar[str]

        def business_id_of(self, row: models.Model) -> int | None: ...

        def _choices(self, db_field: Any, request: HttpRequest) -> models.QuerySet[Any]: ...

    def clock_of(self, record: Any) -> BusinessClock:
        """Return the clock of the record's business. A log may outlive its business."""
        if record.pk is None:
            return clock_in_use() or UTC_CLOCK
        if isinstance(record, Business):
            return record.clock
        cached = _cached_business(record, self.business_path)
        known = {"pk": self.business_id_of(record)}
        business = cached or Business.objects.filter(**known).first()
        return business.clock if business else UTC_CLOCK

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """Read the business with its row where the clock of each row may be another one."""
        related = super().get_list_select_related(request)
        if related is True or self.business_path == "pk" or clock_in_use():
            return related
        return (*(related or ()), self.business_path)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if object_id is None and clock_in_use() is None:
            self._use_chosen_clock(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _use_chosen_clock(self, request: HttpRequest) -> None:
        """Use the clock of the business that the form of a new record names.

        The form may name the business through another record, such as a value's customer.
        """
        relation, _, rest = self.business_path.partition("__")
        chosen = request.POST.get(relation) or request.GET.get(relation) or ""
        if relation == "pk" or not (chosen.isascii() and chosen.isdigit() and len(chosen) < 19):
            return
        rows = self._choices(self.opts.get_field(relation), request).filter(pk=chosen)
        businesses = Business.objects.filter(pk__in=rows.values(rest or "pk"))
        if business := businesses.first():
            use_clock(business.clock)


def _column(model: Any, name: Any) -> "models.DateField[Any, Any] | None":
    """Return the model's column of that name if it holds a time or a day."""
    if not isinstance(name, str):
        return None
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return column if isinstance(column, models.DateField) else None


def _localize(options: LocalTimes, form: Any, model: Any) -> None:
    """Write the read-only times and days of a form, or of inlines, on the page's clock."""
    may_change = getattr(form, "has_change_permission", True)
    names = form.readonly_fields if may_change else flatten_fieldsets(form.fieldsets)
    shown = {
        name: LocalValue(name, str(column.verbose_name), _clock_of_page(options))
        for name in names
        if (column := _column(model, name))
    }
    form.readonly_fields = [shown.get(name, name) for name in form.readonly_fields]
    form.fieldsets = [
        (title, {**rest, "fields": _replaced(rest["fields"], shown)})
        for title, rest in form.fieldsets
    ]


def _clock_of_page(options: LocalTimes) -> Callable[[Any], BusinessClock]:
    return lambda record: (
        clock_in_use()
        or (options.clock_of(record) if isinstance(record, options.model) else UTC_CLOCK)
    )


def _replaced(names: Any, shown: dict[str, LocalValue]) -> list[Any]:
    """Return the names of a fieldset, in which a tuple is one line."""
    return [
        _replaced(name, shown) if isinstance(name, list | tuple) else shown.get(name, name)
        for name in names
    ]


def _cached_business(record: Any, path: str) -> Business | None:
    """Return the record's business if it was read with the record."""
    for name in path.split("__"):
        if name not in record._state.fields_cache:
            return None
        record = getattr(record, name)
    return cast("Business | None", record)
