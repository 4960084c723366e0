"""Form fields for days and times: read as the business's country writes them, on its clock."""

from datetime import UTC, datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from customers.business_clock import BusinessClock
from customers.clock_in_use import clock_in_use

ISO_DAY: Final = "%Y-%m-%d"
"""What the calendar beside the field enters. It is clear in every country."""
MONTH_FIRST: Final = (ISO_DAY, "%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y")
DAY_FIRST: Final = (ISO_DAY, "%d/%m/%Y", "%d.%m.%Y", "%d/%m/%y", "%d.%m.%y", "%d %b %Y", "%d %B %Y")
TIMES: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")


def day_formats() -> tuple[str, ...]:
    """Return what a day may be entered as. 03/04 is 3 April except where months come first."""
    clock = clock_in_use()
    return MONTH_FIRST if clock and clock.is_month_first else DAY_FIRST


class LocalDateField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"input_formats": day_formats()})


class LocalDateTimeField(forms.SplitDateTimeField):
    """A time on the business's clock. One that the clock skips, or shows twice, is refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **kwargs | {"input_date_formats": day_formats(), "input_time_formats": TIMES}
        )

    def compress(self, data_list: Any) -> datetime | None:
        try:
            return super().compress(data_list)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
        day, time_of_day = data_list
        raise ValidationError(_clock_change(datetime.combine(day, time_of_day)), "clock_change")


def _clock_change(entered: datetime) -> str:
    zone = timezone.get_current_timezone()
    clock = clock_in_use() or BusinessClock(str(zone))
    shown = clock.time_of_day(entered.time())
    moment = entered.replace(tzinfo=zone)
    exists = moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == entered
    what = f"{shown} comes twice" if exists else f"there is no {shown}"
    return (
        f"On {clock.day(entered.date())} the clocks change in {clock.time_zone}, and {what}. "
        "Enter a time at least an hour earlier or later."
    )
