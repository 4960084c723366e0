"""Reduce the traits of an identify that Segment refuses, by leaving out what it can do without.

Pure. What is left out is omitted and never null: null would clear the value in the tools behind
Segment. Contract, section 3.
"""

from collections.abc import Collection, Iterator, Mapping
from operator import itemgetter
from typing import Any, Final

from events.timeline.traits_table import TRAIT_NAMES
from events.utf8_json import json_size

KEPT_TRAITS: Final = frozenset({"email", "firstName", "phoneE164", "receiveEmails", "receiveTexts"})
"""Never left out: what the tools behind Segment need (contract, section 5), and whether the
customer wants emails and texts."""

CUSTOM_FIELDS: Final = "customFields"
FIELD_PREFIX: Final = "customFields."
"""Before the name of a custom field that is left out; a trait is left out by its own name."""

NAMES_SHOWN: Final = 5
"""In the sentence for owners. More would hide what it says."""


def reductions(
    traits: Mapping[str, Any], omitted: Collection[str] = ()
) -> Iterator[tuple[str, ...]]:
    """Return what to leave out, step by step, of traits that Segment refused.

    First the largest custom fields: as few as make up half of the bytes of all. Then everything but
    KEPT_TRAITS. `omitted` was left out before.
    """
    tried = set(omitted)
    for step in ((*omitted, *_largest_fields(traits, omitted)), _optional(traits)):
        if set(step) - tried:
            tried |= set(step)
            yield step


def fitting(traits: Mapping[str, Any], excess: int) -> tuple[str, ...]:
    """Return what to leave out of traits that are too large by `excess` bytes.

    The largest custom fields, and if those are not enough, the largest other traits.
    """
    omitted: list[str] = []
    sizes = _field_sizes(traits), _trait_sizes(traits)
    for name, size in (part for group in sizes for part in sorted(group, key=_size, reverse=True)):
        if excess <= 0:
            break
        omitted.append(name)
        excess -= size
    return tuple(omitted)


def without(traits: Mapping[str, Any], omitted: Collection[str]) -> dict[str, Any]:
    """Return the traits without those omitted, and without the list of fields if none is left."""
    if not omitted:
        return {**traits}
    reduced = {name: value for name, value in traits.items() if name not in omitted}
    fields = traits.get(CUSTOM_FIELDS, [])
    left = [field for field in fields if FIELD_PREFIX + field["name"] not in omitted]
    if left != fields:
        reduced[CUSTOM_FIELDS] = left
        if not left:
            del reduced[CUSTOM_FIELDS]
    return reduced


def omitted_values(traits: Mapping[str, Any], omitted: Collection[str]) -> dict[str, Any]:
    """Return the values that `without` leaves out, to notice when one changes or goes."""
    fields = {FIELD_PREFIX + field["name"]: field for field in traits.get(CUSTOM_FIELDS, [])}
    return {name: fields.get(name, traits.get(name)) for name in sorted(omitted)}


def sentence(omitted: Collection[str]) -> str:
    """Return what was left out, for owners; empty when that is nothing."""
    if not omitted:
        return ""
    names = [_in_words(name) for name in omitted]
    shown = ", ".join(names[:NAMES_SHOWN])
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"Segment does not take all of this customer's details. Left out: {shown}{more}."


def _in_words(name: str) -> str:
    field = name.removeprefix(FIELD_PREFIX)
    return TRAIT_NAMES.get(name, name) if field == name else f"the custom field {field}"


def _largest_fields(traits: Mapping[str, Any], omitted: Collection[str]) -> list[str]:
    left = [part for part in _field_sizes(traits) if part[0] not in omitted]
    half, largest = sum(size for _, size in left) / 2, list[str]()
    for name, size in sorted(left, key=_size, reverse=True):
        if half <= 0:
            break
        largest.append(name)
        half -= size
    return largest


def _optional(traits: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, _ in (*_field_sizes(traits), *_trait_sizes(traits)))


def _field_sizes(traits: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [
        (FIELD_PREFIX + field["name"], json_size(field)) for field in traits.get(CUSTOM_FIELDS, [])
    ]


def _trait_sizes(traits: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [
        (name, json_size(value))
        for name, value in traits.items()
        if name not in KEPT_TRAITS and name != CUSTOM_FIELDS
    ]


_size = itemgetter(1)
