"""Which parts of a PATCH differ from the record: a client may send a whole record back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.fields import SkipField

from customers.numbers import read_number
from smrt_integration.api.fields import BusinessReferenceField

AnyField = serializers.Field[Any, Any, Any, Any]


def changed_parts(
    reader: serializers.Serializer[Any], record: Any, body: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what differs from the `record` as the API shows it with `reader`.

    What the reader names as `computed` is never a change.
    """
    computed: frozenset[str] = getattr(reader, "computed", frozenset())
    return {
        name: value
        for name, value in body.items()
        if name not in computed
        and not (name in reader.fields and _is_shown(reader.fields[name], record, value))
    }


def _is_shown(field: AnyField, record: Any, given: Any) -> bool:
    """Return whether the API shows `given` as the record's value of the field."""
    try:
        value = field.get_attribute(record)
    except SkipField:
        return False
    return is_same(field, given, None if value is None else field.to_representation(value))


def is_same(field: AnyField, given: Any, shown: Any) -> bool:
    """Return whether two values in JSON are the same, however they are written.

    Times may have another offset, numbers other zeros, and ids other case.
    """
    if given is None or shown is None:
        return given is shown
    if isinstance(field, (serializers.ListSerializer, serializers.ListField)) and field.child:
        return _is_same_list(field.child, given, shown)
    if isinstance(field, serializers.Serializer):
        return _is_same_object(field, given, shown)
    if isinstance(field, (serializers.UUIDField, BusinessReferenceField)):
        return _is_same_as(_uuid(given), _uuid(shown))
    if isinstance(field, serializers.DateTimeField):
        return _is_same_as(_moment(given), _moment(shown))
    if isinstance(field, (serializers.DecimalField, serializers.IntegerField)):
        return _is_same_as(_number(given), _number(shown))
    return type(given) is type(shown) and bool(given == shown)


def _is_same_as(given: object, shown: object) -> bool:
    """Return whether both could be read, and as the same."""
    return given is not None and given == shown


def _is_same_list(child: AnyField, given: Any, shown: Any) -> bool:
    return (
        isinstance(given, list)
        and len(given) == len(shown)
        and all(is_same(child, *pair) for pair in zip(given, shown, strict=True))
    )


def _is_same_object(field: serializers.Serializer[Any], given: Any, shown: Any) -> bool:
    return (
        isinstance(given, Mapping)
        and given.keys() <= shown.keys()
        and all(is_same(field.fields[name], given.get(name), shown[name]) for name in shown)
    )


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    """Return the time, or None if the value is none or has no offset."""
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _number(value: Any) -> Any:
    try:
        return read_number(value)
    except ValueError:
        return None
