"""Time zones, and calendar days in them. Pure.

The names are those of the package tzdata, which also says which of them are old: `US/Pacific` is
`America/Los_Angeles`. Servers without the old names are common, so they are translated.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

NOT_ZONES = {"localtime", "Factory", "posixrules"}
"""Other files in the time zone folder of some machines."""
WORLD_TIME: Final = "UTC"
NAMES_OF_WORLD_TIME: Final = frozenset({"Etc/UTC", "Etc/GMT"})
"""What IANA calls it. Every server has the short name."""


@cache
def known_zones() -> frozenset[str]:
    return frozenset(available_timezones()) - NOT_ZONES


@cache
def zones_by_country() -> Mapping[str, tuple[str, ...]]:
    """Return each country's zones by its code: the names that forms offer."""
    zones: dict[str, tuple[str, ...]] = {}
    for code, _, name, *_ in _lines("zone.tab"):
        zones[code] = (*zones.get(code, ()), name)
    return zones


@cache
def current_zones() -> frozenset[str]:
    """Return the names that are in use for a place, and UTC."""
    return frozenset({WORLD_TIME}.union(*zones_by_country().values()))


def canonical_zone(name: str) -> str:
    """Return the current name of the zone: America/Los_Angeles for US/Pacific.

    Returns an unknown name as it is.
    """
    return _canonical_names().get(name, name)


def local_day(at: datetime, time_zone: str) -> date:
    """Return the calendar day of the instant `at` in the time zone."""
    return at.astimezone(ZoneInfo(time_zone)).date()


def iso_utc(at: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds, such as 2026-03-01T17:30:00.000Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@cache
def _canonical_names() -> Mapping[str, str]:
    links = {line[2]: line[1] for line in _lines("tzdata.zi", " ") if line[0] == "L"}
    names = {name: _target(name, links) for name in known_zones() | links.keys()}
    # IANA has joined Iceland with Africa/Abidjan. A country of one zone is that zone.
    for code, country in _lines("iso3166.tab"):
        zones = zones_by_country().get(code, ())
        if country in links and len(zones) == 1:
            names[country] = zones[0]
    return names


def _target(name: str, links: Mapping[str, str]) -> str:
    while name not in current_zones() and name in links:
        name = links[name]
    return WORLD_TIME if name in NAMES_OF_WORLD_TIME else name


def _lines(file: str, separator: str = "\t") -> Iterator[list[str]]:
    """Return the lines of one of IANA's tables, in their columns."""
    text = files("tzdata").joinpath("zoneinfo", file).read_text(encoding="utf-8")
    return (line.split(separator) for line in text.splitlines() if not line.startswith("#"))
