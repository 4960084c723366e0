"""A filter by days: each row's own, in the time zone of its business."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.db.models import F, Func, Value
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.clock_in_use import clock_in_use

if TYPE_CHECKING:
    from django.contrib.admin import FieldListFilter

    _Filter = FieldListFilter
else:
    _Filter = RangeDateFilter

WORDS = {"from": "From", "to": "To"}


class DaysForm(forms.Form):
    """Two days, with the calendar of the browser."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for end, label in WORDS.items():
            widget = UnfoldAdminTextInputWidget({"type": "date", "aria-label": label})
            self.fields[f"{name}_{end}"] = forms.DateField(
                label=label, required=False, widget=widget
            )


class LocalDayFilter(_Filter):
    form_class = DaysForm
    business_path: str

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: Any,
        model: Any,
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.business_path = model_admin.business_path

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": self._start(first)})
            queryset = self._roughly(queryset, "gte", first, -1)
        if last:
            after = self._start(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field_path}__lt": after})
            queryset = self._roughly(queryset, "lt", last, 2)
        return queryset

    def _roughly(self, rows: Any, comparison: str, day: date, days: int) -> Any:
        """Limit the rows to some days around, for which PostgreSQL uses an index.

        It does not for a limit that depends on the business of each row.
        """
        if clock_in_use() or not isinstance(self.field, models.DateTimeField):
            return rows
        with suppress(OverflowError):
            limit = datetime.combine(day, time(), UTC) + timedelta(days=days)
            return rows.filter(**{f"{self.field_path}__{comparison}": limit})
        return rows

    def _day(self, end: str) -> date | None:
        text = str(self.used_parameters.get(f"{self.field_path}_{end}") or "")
        try:
            day = parse_date(text)
        except ValueError:
            day = None
        if text and (day is None or day == date.max):
            raise IncorrectLookupParameters
        return day

    def _start(self, day: date) -> Any:
        """Return when the day begins. In a list of several businesses, each row has its own."""
        if not isinstance(self.field, models.DateTimeField):
            return day
        midnight = datetime.combine(day, time())
        if clock := clock_in_use():
            return midnight.replace(tzinfo=ZoneInfo(clock.time_zone))
        path = "" if self.business_path == "pk" else f"{self.business_path}__"
        return Func(
            F(f"{path}time_zone"),
            Value(midnight.isoformat(), models.CharField()),
            template="timezone(%(expressions)s::timestamp)",
            output_field=models.DateTimeField(),
        )
