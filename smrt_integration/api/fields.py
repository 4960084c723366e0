"""How records refer to each other in the API: by UUID, and only within the key's business."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db.models import Manager, Model, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from customers.models import AddressDict


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
        found = self._found(uuid) if uuid else None
        if found is None:
            raise serializers.ValidationError(not_found_message(self.model), "does_not_exist")
        return found

    def _found(self, uuid: UUID) -> Any:
        """Looked up once per call, however often the body names it: a phone tells of a day's stops of one driver."""
        known: dict[tuple[type[Model], UUID], Any] = self.context["view"].found
        if (self.model, uuid) not in known:
            found = next(iter(self.get_queryset().order_by().filter(uuid=uuid)), None)
            if found is not None:
                # at hand, so that nobody reads it again
                found.business = self.context["view"].business
            known[self.model, uuid] = found
        return known[self.model, uuid]


def not_found_message(model: type[Model]) -> str:
    """What is said of a row that does not exist, or is another business's."""
    return (
        f"There is no {model._meta.verbose_name} with this id here. Give the id of one of your own."
    )


def rows_by_uuid(rows: QuerySet[Any], wanted: Iterable[UUID], field: str) -> Mapping[UUID, Any]:
    """The rows with these ids, in one query however many. Raises ValidationError that names `field` when one is missing."""
    ids = set(wanted)
    found = {row.uuid: row for row in rows.order_by().filter(uuid__in=ids)} if ids else {}
    if ids - found.keys():
        raise serializers.ValidationError(
            {field: [not_found_message(rows.model)]}, "does_not_exist"
        )
    return found


class StrictSerializer(serializers.Serializer[Any]):
    """What a body says. A name that means nothing here is refused: left out for a slip of the pen, it would mean something else."""

    answered: ClassVar[frozenset[str]] = frozenset()
    """What the record's answer has besides: whoever sends the whole record back is understood."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = (
            data.keys() - self.fields.keys() - self.answered if isinstance(data, Mapping) else set()
        )
        if unknown:
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            raise serializers.ValidationError(
                {
                    name: [f"There is no such field here. There are {known}."]
                    for name in sorted(unknown)
                }
            )
        return super().to_internal_value(data)


OFFSET_REQUIRED: Final = "Give the time together with its offset, as in 2026-03-27T17:05:00-07:00 or 2026-03-28T00:05:00Z."
MAX_EVENT_AGE: Final = timedelta(days=30)
"""As long as an event may wait to be sent. A phone was not offline for longer: its clock is wrong."""


class DateTimeWithOffsetField(serializers.DateTimeField):
    """When something happened, if it is told later. A time without an offset would be somebody's own, and nobody could tell whose."""

    default_error_messages = {
        "naive": OFFSET_REQUIRED,
        "long_ago": "This is more than 30 days ago. Check the clock of what reports it.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{
                "allow_null": True,
                "default": None,
                "help_text": "When it happened, if it is told later.",
            }
            | kwargs
        )

    def enforce_timezone(self, value: datetime) -> datetime:
        if timezone.is_naive(value):
            self.fail("naive")
        moment = super().enforce_timezone(value)
        if moment < timezone.now() - MAX_EVENT_AGE:
            self.fail("long_ago")
        return moment


class AddressField(StrictSerializer):
    """Null when nothing is known; a part that is not known is null."""

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
        given = super().to_internal_value(data)
        given["postalCode"] = given.pop("postal_code", None)
        return given
