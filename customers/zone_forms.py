"""The form field of a time zone: it offers current names, by country and continent."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from customers.clock_in_use import clock_in_use
from customers.database_zones import database_zones
from customers.zones import WORLD_TIME, canonical_zone, current_zones, zones_by_country

Choices = list[tuple[str, str]]


class TimeZoneField(forms.ChoiceField):
    """Takes old names too, as programs and browsers may still send them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=zone_choices, widget=UnfoldAdminSelectWidget(), **kwargs)

    def to_python(self, value: Any) -> str:
        return canonical_zone(super().to_python(value))

    def valid_value(self, value: Any) -> bool:
        """Leave it to the model, whose message says what to do."""
        return True

    def prepare_value(self, value: Any) -> Any:
        return canonical_zone(value) if isinstance(value, str) else value


def zone_choices() -> list[tuple[str, Choices]]:
    """Return the choices: the zones of the business's country first, then those by continent."""
    clock = clock_in_use()
    own = zones_by_country().get(clock.country, ()) if clock else ()
    names = sorted(current_zones() & database_zones())
    groups = groupby(names, key=lambda name: name.partition("/")[0])
    continents = [
        (continent if continent != WORLD_TIME else "World", _choices(of_continent))
        for continent, of_continent in groups
    ]
    return [*_country_group(own), *continents]


def _country_group(zones: Iterable[str]) -> Iterator[tuple[str, Choices]]:
    known = [name for name in zones if name in database_zones()]
    if known:
        yield "Your country", _choices(known)


def _choices(names: Iterable[str]) -> Choices:
    return [(name, name) for name in names]
