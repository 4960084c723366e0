"""The business's Segment integration, and what it can send."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from events import schemas
from events.catalogue import EVENT_NAMES, EVENTS
from events.encryption import Unreadable
from events.models import Integration
from events.models.integration import write_key_shape
from smrt_integration.api.door import Door


class IntegrationShape(serializers.ModelSerializer[Integration]):
    write_key = serializers.CharField(write_only=True, required=False, validators=[write_key_shape], help_text="Never answered again.")
    write_key_ends_in = serializers.SerializerMethodField(help_text="The last four characters; null when there is no readable key.")
    muted = serializers.ListField(child=serializers.ChoiceField(sorted(EVENT_NAMES)), required=False, help_text="Events that are not sent.")

    class Meta:
        model = Integration
        fields = (
            *("enabled", "enabled_at", "region", "write_key", "write_key_ends_in", "muted"),
            *("weekly_limit", "bi_weekly_limit", "monthly_limit", "irregular_limit", "birthday_hour", "retention_months"),
        )
        read_only_fields = ("enabled_at",)

    def get_write_key_ends_in(self, integration: Integration) -> str | None:
        key = integration.write_key
        return None if not key or isinstance(key, Unreadable) else key[-4:]

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        key = given.get("write_key", self.instance.write_key if self.instance else "")
        if given.get("enabled") and (not key or isinstance(key, Unreadable)):
            raise serializers.ValidationError(
                {"write_key": ["Give the write key of your Segment source before you switch on."]}, "required"
            )
        return given


class TheIntegration(Door):
    """On or off, where events go, which are muted."""

    area = "integration"
    queryset = Integration.objects.select_related("business")
    serializer_class = IntegrationShape

    def get_object(self) -> Integration:
        found = Integration.objects.filter(business=self.business).first()
        return found or Integration(business=self.business)

    @extend_schema(responses=IntegrationShape)
    def retrieve(self, request: Request) -> Response:
        """How it is set. A business that never set it is switched off."""
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=IntegrationShape, responses=IntegrationShape)
    def partial_update(self, request: Request) -> Response:
        """Switch on or off, or change some of the settings; what is left out stays."""
        integration = self.get_object()
        serializer = self.get_serializer(integration, data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        for name, value in serializer.validated_data.items():
            setattr(integration, name, value)
        integration.save(update_fields=None if integration._state.adding else list(serializer.validated_data))
        return Response(self.get_serializer(integration).data)


class EventTypeShape(serializers.Serializer[Any]):
    name = serializers.CharField()
    happens_when = serializers.CharField()
    properties = serializers.DictField(help_text="The JSON Schema of the event's properties.")


class EventTypes(Door):
    """The kinds of events, each with the JSON Schema of what it says."""

    area = None
    queryset = Integration.objects.none()
    serializer_class = EventTypeShape
    pagination_class = None

    @extend_schema(responses=EventTypeShape(many=True))
    def list(self, request: Request) -> Response:
        """All of them, in the order of the documentation."""
        return Response(
            [{"name": event.name, "happens_when": event.happens_when, "properties": schemas.of_event(event)} for event in EVENTS]
        )


class TraitsShape(serializers.Serializer[Any]):
    traits = serializers.DictField(help_text="The JSON Schema of the traits.")


class TraitTypes(Door):
    """What Segment is told of customers."""

    area = None
    queryset = Integration.objects.none()
    serializer_class = TraitsShape

    @extend_schema(responses=TraitsShape)
    def retrieve(self, request: Request) -> Response:
        """The JSON Schema of the traits of an identify."""
        return Response({"traits": schemas.of_traits()})
