"""The key of the request, so that a client can check whether it has the right one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import SCOPES, Client
from smrt_integration.api.viewsets import BusinessViewSet


class OwnKeySerializer(serializers.Serializer[Any]):
    """The key of the request, its business and its scopes."""

    id = serializers.UUIDField(source="uuid")
    name = serializers.CharField()
    client = serializers.ChoiceField(
        Client.choices, help_text="Decides what Segment gets as the source."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(sorted(SCOPES)), help_text="What the key may do."
    )
    business = serializers.CharField(source="business.name")
    time_zone = serializers.CharField(
        source="business.time_zone", help_text="Dates are in this time zone."
    )
    currency = serializers.CharField(source="business.currency")


class OwnKeyViewSet(BusinessViewSet):
    """The key of the request."""

    area = None
    queryset = ApiKey.objects.none()
    serializer_class = OwnKeySerializer

    @extend_schema(responses=OwnKeySerializer)
    def retrieve(self, request: Request) -> Response:
        """Read the key's business and what the key may do."""
        return self.respond(self.key)
