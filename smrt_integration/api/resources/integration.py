"""The Segment integration of the business, and the schemas of what it sends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Business, CustomField
from events import schemas
from events.catalogue import EVENT_NAMES, EVENTS
from events.encryption import Unreadable
from events.lanes import lane_control
from events.lanes.read_status import lane_status
from events.lanes.status import (
    DISCARDING,
    HELD_REMEDY,
    LaneState,
    LaneStatus,
    asks_about_held,
    held_sentence,
    remedy,
    state_of,
    status_sentence,
)
from events.models import Integration
from smrt_integration.api.errors import Conflict
from smrt_integration.api.fields import BusinessReferenceField, ShortListField, StrictSerializer
from smrt_integration.api.viewsets import BusinessViewSet

WRITE_KEY_REQUIRED: Final = (
    "There is no write key yet. An owner enters it in the admin, under Segment integration."
)
SET_BY_OWNER: Final = "Only an owner can change this, in the admin under Segment integration."
MAX_MUTED: Final = 100
"""Several times the number of events."""
INTEGRATION_OFF: Final = "The integration is switched off. Switch it on first."


LANE_STATES: Final[Mapping[LaneState, str]] = {
    LaneState.OFF: "off",
    LaneState.CHOOSING: "choosing",
    LaneState.DISCARDING: "discarding",
    LaneState.STOPPED: "stopped",
    LaneState.FAILING: "troubled",
    LaneState.SENDING: "sending",
    LaneState.ON: "well",
    LaneState.NEW: "new",
}
"""The values in the API, which do not change when the code's names do."""


def _held_remedy(status: LaneStatus, now: datetime) -> str:
    return f"{held_sentence(status)} {HELD_REMEDY}" if asks_about_held(status, now) else ""


class LaneStatusSerializer(serializers.Serializer[Any]):
    """How sending to Segment goes."""

    state = serializers.ChoiceField(
        [*LANE_STATES.values()],
        help_text="off: switched off. choosing: old messages wait until an owner chooses to send "
        "or discard them. discarding: they are being discarded. stopped: the owner has to act, "
        "see to_do. troubled: the last attempt failed, we try again. sending: messages are "
        "waiting. well: everything was sent. new: switched on, nothing sent yet.",
    )
    says = serializers.CharField(help_text="The status in a sentence, for the owner.")
    to_do = serializers.CharField(help_text="What the owner should do. Empty if nothing.")


class IntegrationSerializer(StrictSerializer, serializers.ModelSerializer[Integration]):
    """The settings of the Segment integration, and its status."""

    computed: ClassVar[frozenset[str]] = frozenset({"standing"})
    reasons: ClassVar[Mapping[str, str]] = {
        "region": SET_BY_OWNER,
        "write_key_ends_in": SET_BY_OWNER,
        "enabled_at": "The server sets this when sending is switched on.",
    }

    write_key_ends_in = serializers.SerializerMethodField(
        help_text="The last four characters. Null if there is no readable write key."
    )
    muted = ShortListField(
        child=serializers.ChoiceField(sorted(EVENT_NAMES)),
        max_length=MAX_MUTED,
        required=False,
        help_text="The names of the events that are switched off. They are not sent.",
    )
    birthday_field = BusinessReferenceField(
        queryset=CustomField.objects.filter(kind=CustomField.Kind.DATE),
        required=False,
        allow_null=True,
        help_text="The custom field with the birthday. Its kind must be DATE.",
    )
    standing = serializers.SerializerMethodField(
        help_text="How sending goes now. A PATCH ignores it."
    )

    class Meta:
        model = Integration
        fields = (
            "enabled",
            "enabled_at",
            "region",
            "write_key_ends_in",
            "muted",
            "standing",
            "weekly_limit",
            "bi_weekly_limit",
            "monthly_limit",
            "irregular_limit",
            "birthday_field",
            "birthday_hour",
            "retention_months",
        )
        # Only owners change where messages go: they contain the customers' links, which are logins.
        read_only_fields = ("enabled_at", "region")

    def get_write_key_ends_in(self, integration: Integration) -> str | None:
        key = integration.write_key
        return None if not key or isinstance(key, Unreadable) else key[-4:]

    @extend_schema_field(LaneStatusSerializer)
    def get_standing(self, integration: Integration) -> dict[str, str]:
        status, now = lane_status(integration.business_id), timezone.now()
        return {
            "state": LANE_STATES[state_of(status, now)],
            "says": status_sentence(status, now),
            "to_do": remedy(status) or _held_remedy(status, now),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        key = self.instance.write_key if self.instance else ""
        if attrs.get("enabled") and (not key or isinstance(key, Unreadable)):
            raise serializers.ValidationError({"enabled": [WRITE_KEY_REQUIRED]}, "required")
        return attrs


class IntegrationViewSet(BusinessViewSet):
    """The settings of the Segment integration, and how sending goes."""

    area = "integration"
    queryset = Integration.objects.select_related("business", "birthday_field")
    serializer_class = IntegrationSerializer

    def get_object(self) -> Integration:
        """Return the integration, unsaved if the business has none yet.

        Unsafe methods lock the business and the integration until the transaction ends.
        """
        rows = self.get_queryset()
        if self.request.method not in SAFE_METHODS:
            Business.objects.select_for_update(no_key=True).get(pk=self.business.pk)
            rows = rows.select_for_update(no_key=True, of=("self",))
        return rows.first() or Integration(business=self.business)

    @extend_schema(responses=IntegrationSerializer)
    def retrieve(self, request: Request) -> Response:
        """Read the settings and the status.

        A business that has never configured the integration is switched off.
        """
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=IntegrationSerializer, responses=IntegrationSerializer)
    def partial_update(self, request: Request) -> Response:
        """Switch sending or single events on or off, or change other settings.

        Fields that you leave out stay as they are. A call that changes nothing retries sending
        at once. If older messages are waiting when you switch on, nothing is sent until somebody
        has chosen to send or discard them.
        """
        integration = self.get_object()
        serializer = self.changes(IntegrationSerializer, integration)
        changed = [
            name
            for name, value in serializer.validated_data.items()
            if value != getattr(integration, name)
        ]
        for name in changed:
            setattr(integration, name, serializer.validated_data[name])
        lane_control.save_config(integration, changed)
        return Response(self.get_serializer(integration).data)

    @extend_schema(request=None, responses=IntegrationSerializer)
    def resume(self, request: Request) -> Response:
        """Send the waiting messages now, also those from before the integration was switched on.

        To discard messages, use the admin.
        """
        self.expect_no_body()
        integration = self.get_object()
        if not integration.enabled:
            raise Conflict(INTEGRATION_OFF, "switched_off")
        if lane_control.lock_lane(self.business.pk).stopped == DISCARDING:
            raise Conflict(DISCARDING, "discarding")
        lane_control.resume_halted(self.business.pk)
        return Response(self.get_serializer(integration).data)


class EventTypeSerializer(serializers.Serializer[Any]):
    """One event of the catalogue."""

    name = serializers.CharField(help_text="The name in Segment.")
    happens_when = serializers.CharField(help_text="When the event is sent, in a sentence.")
    properties = serializers.DictField(help_text="The JSON Schema of the event's properties.")


class EventTypeViewSet(BusinessViewSet):
    """The events of the catalogue."""

    area = None
    queryset = Integration.objects.none()
    serializer_class = EventTypeSerializer
    pagination_class = None

    @extend_schema(responses=EventTypeSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List all events, each with the JSON Schema of its properties."""
        return Response(
            [
                {
                    "name": event.name,
                    "happens_when": event.sent_when,
                    "properties": schemas.event_schema(event),
                }
                for event in EVENTS
            ]
        )


class TraitsSerializer(serializers.Serializer[Any]):
    """The traits that identify sends."""

    traits = serializers.DictField(help_text="The JSON Schema of the traits.")


class TraitTypeViewSet(BusinessViewSet):
    """The traits of customers."""

    area = None
    queryset = Integration.objects.none()
    serializer_class = TraitsSerializer

    @extend_schema(responses=TraitsSerializer)
    def retrieve(self, request: Request) -> Response:
        """Read the JSON Schema of the traits that identify sends."""
        return Response({"traits": schemas.traits_schema()})
