"""The values of a customer's custom fields, within the customer."""

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from customers.models import CustomFieldValue
from smrt_integration.api.fields import StrictSerializer


class CustomFieldValueSerializer(serializers.ModelSerializer[CustomFieldValue]):
    """The value of one custom field of a customer."""

    field = serializers.UUIDField(source="field.uuid", read_only=True)
    name = serializers.CharField(source="field.name", read_only=True)

    class Meta:
        model = CustomFieldValue
        fields = ("field", "name", "value")
        read_only_fields = fields


@extend_schema_serializer(exclude_fields=["name"])
class NewCustomFieldValueSerializer(StrictSerializer):
    """A new value for one custom field, named by its id."""

    field = serializers.UUIDField()
    # a client may send it back as it was read
    name = serializers.CharField(required=False, allow_blank=True)
    value = serializers.CharField(
        max_length=10_000,
        allow_blank=True,
        help_text="An empty text deletes the value. Dates: YYYY-MM-DD or MM-DD.",
    )
