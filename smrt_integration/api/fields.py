"""Serializer fields: references by UUID within the key's business, times, addresses."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from functools import cache, cached_property
from heapq import nsmallest
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import Manager, Model, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from customers import storable
from customers.errors import check_the_clock
from customers.models import AddressDict
from smrt_integration.api.error_body import MAX_ERRORS, MoreErrors
from smrt_integration.api.read_only import read_only_message


@extend_schema_field(OpenApiTypes.UUID)
class BusinessReferenceField(serializers.SlugRelatedField[Any]):
    """Another record of the same business, by its UUID."""

    def __init__(self, queryset: QuerySet[Any] | Manager[Any], **kwargs: Any) -> None:
        self.model: type[Model] = queryset.model
        super().__init__(slug_field="uuid", queryset=queryset, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()  # type: ignore[assignment]
        return rows.filter(business=self.context["view"].business)

    def to_internal_value(self, data: Any) -> Any:
        try:
            uuid = UUID(data) if isinstance(data, str) else None
        except ValueError:
            uuid = None
        row = self._row(uuid) if uuid else None
        if row is None:
            raise serializers.ValidationError(not_found_message(self.model), "does_not_exist")
        return row

    def _row(self, uuid: UUID) -> Any:
        """Read the row once per request: a phone's 200 reports all name the same driver."""
        references: dict[tuple[type[Model], UUID], Any] = self.context["view"].references
        if (self.model, uuid) not in references:
            row = next(iter(self.get_queryset().order_by().filter(uuid=uuid)), None)
            if row is not None:
                # saves a query when the row's business is used
                row.business = self.context["view"].business
            references[self.model, uuid] = row
        return references[self.model, uuid]


def not_found_message(model: type[Model]) -> str:
    """Return the same sentence for a row that does not exist and for another business's row."""
    return f"There is no {model._meta.verbose_name} with this id."


def rows_by_uuid(rows: QuerySet[Any], uuids: Sequence[UUID], path: str) -> Mapping[UUID, Any]:
    """Return the rows with these UUIDs, read in one query.

    Raises ValidationError if one is missing. `path` is that of each UUID in the body, as in
    `items[{}]`.
    """
    wanted = set(uuids)
    by_uuid = {row.uuid: row for row in rows.order_by().filter(uuid__in=wanted)} if wanted else {}
    if wanted - by_uuid.keys():
        raise serializers.ValidationError(
            {
                path.format(n): [not_found_message(rows.model)]
                for n, uuid in enumerate(uuids)
                if uuid not in by_uuid
            },
            "does_not_exist",
        )
    return by_uuid


def unknown_names(names: AbstractSet[str], message: str, code: str) -> dict[Any, Any]:
    """Return errors about up to MAX_ERRORS of the names, and how many more there are."""
    told: dict[Any, Any] = {
        name: [ErrorDetail(message, code)] for name in nsmallest(MAX_ERRORS, names)
    }
    if len(names) > len(told):
        told[MoreErrors(len(names) - len(told))] = []
    return told


ID_AND_TIME_FIELDS: Final = (
    BusinessReferenceField,
    serializers.DateField,
    serializers.DateTimeField,
    serializers.UUIDField,
)
PLAIN: Final = re.compile("[ -^`-~]*")
"""ASCII without the underscore, which Python allows between digits."""
OTHER_DIGITS: Final = "Write this with the digits 0 to 9, and without _."


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer of request bodies that rejects unknown fields, and those that cannot be set.

    Ignoring a misspelled field would change what the request means.
    """

    reader: ClassVar[type[serializers.Serializer[Any]] | None] = None
    """The serializer of the record in responses. What it has beyond this one cannot be set."""
    reasons: ClassVar[Mapping[str, str]] = {}
    """Why fields cannot be set, where the general reason does not fit."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_names(data.keys() - self._writable)
            reject_unstorable(data)
            self._refuse_other_digits(data)
        return super().to_internal_value(data)

    @cached_property
    def _writable(self) -> Mapping[str, Any]:
        return {name: field for name, field in self.fields.items() if not field.read_only}

    def _refuse_names(self, names: AbstractSet[str]) -> None:
        """Raise ValidationError if there are names that the body may not have."""
        if not names:
            return
        read_only = sorted(names & (self.fields.keys() | _names_in(self.reader)))
        told: dict[Any, Any] = {
            name: [ErrorDetail(self._read_only_message(name), "read_only")] for name in read_only
        }
        message = f"Unknown field. The fields are: {', '.join(self._writable) or 'none'}."
        raise serializers.ValidationError(
            told | unknown_names(names - {*read_only}, message, "unknown_field")
        )

    def _refuse_other_digits(self, data: Mapping[str, Any]) -> None:
        """Raise ValidationError for ids and times that only Python reads: `1_0`, or other digits.

        Fields of numbers refuse them themselves.
        """
        wrong = {
            name: [OTHER_DIGITS]
            for name, value in data.items()
            if isinstance(value, str)
            and not PLAIN.fullmatch(value)
            and isinstance(self.fields[name], ID_AND_TIME_FIELDS)
        }
        if wrong:
            raise serializers.ValidationError(wrong, "invalid")

    def _read_only_message(self, name: str) -> str:
        is_change = bool(getattr(self.root, "partial", False))
        return read_only_message(name, self.reasons, is_change=is_change)


def reject_unstorable(data: Mapping[str, Any]) -> None:
    """Raise ValidationError that names the texts and lists of texts that cannot be stored.

    Whatever the field is for: the message about an unknown choice would repeat the text.
    """
    found: dict[str, Any] = {**storable.problems(data)}
    for name, value in data.items():
        if isinstance(value, list) and (reasons := storable.problems(dict(enumerate(value)))):
            found[name] = reasons
    if found:
        raise serializers.ValidationError(found, "unstorable_text")


@cache
def _names_in(reader: type[serializers.Serializer[Any]] | None) -> AbstractSet[str]:
    return frozenset(reader().fields if reader else ())


class ShortListField(serializers.ListField):
    """A list that refuses too many parts before it looks at each of them."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self.most = max_length

    def to_internal_value(self, data: Any) -> list[Any]:
        if isinstance(data, list) and len(data) > self.most:
            message = str(self.error_messages["max_length"]).format(max_length=self.most)
            raise serializers.ValidationError(message, "max_length")
        parts: list[Any] = super().to_internal_value(data)
        return parts


OFFSET_REQUIRED: Final = (
    "Give the time with its offset, as in 2026-03-27T17:05:00-07:00 or 2026-03-28T00:05:00Z."
)
MAX_EVENT_AGE: Final = timedelta(days=30)
"""As long as a message may wait to be sent. An older time means that the clock is wrong."""


class DateTimeWithOffsetField(serializers.DateTimeField):
    """When something happened, if it is reported later. The offset is required."""

    default_error_messages = {
        "naive": OFFSET_REQUIRED,
        "long_ago": "This is more than 30 days ago. {advice}",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "allow_null": True,
                "default": None,
                "help_text": "When it happened, with an offset. Default: now. "
                "A time up to 5 minutes ahead of the server counts as now.",
            }
            | kwargs
        )

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            self.fail("naive")
        moment = super().enforce_timezone(value)
        now = timezone.now()
        if moment < now - MAX_EVENT_AGE:
            self.fail("long_ago", advice=check_the_clock(now))
        return moment


class AddressField(StrictSerializer):
    """A postal address. A part that is not known is null."""

    street = serializers.CharField(max_length=300, allow_null=True, default=None)
    city = serializers.CharField(max_length=150, allow_null=True, default=None)
    state = serializers.CharField(max_length=150, allow_null=True, default=None)
    postal_code = serializers.CharField(max_length=30, allow_null=True, default=None)
    country = serializers.RegexField(
        r"\A[A-Z]{2}\Z", allow_null=True, default=None, help_text="Two capital letters, ISO 3166."
    )

    def to_representation(self, instance: AddressDict) -> dict[str, Any]:
        return {
            "postal_code" if name == "postalCode" else name: value
            for name, value in instance.items()
        }

    def to_internal_value(self, data: Any) -> Any:
        address = super().to_internal_value(data)
        address["postalCode"] = address.pop("postal_code", None)
        return address
