"""Pickup requests, and requests to join a regular route."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Customer, Employee, PickupRequest, RegularPickupRequest
from smrt_integration.api.fields import AddressField, BusinessReferenceField, StrictSerializer
from smrt_integration.api.filters import PickupRequestFilter, RegularPickupRequestFilter
from smrt_integration.api.scopes import Client
from smrt_integration.api.viewsets import BusinessViewSet

SCHEDULED_BY = {
    Client.POS: PickupRequest.ScheduledBy.EMPLOYEE,
    Client.APP: PickupRequest.ScheduledBy.EMPLOYEE,
    Client.WEBSITE: PickupRequest.ScheduledBy.CUSTOMER,
}
CANCELED_VIA = {
    Client.POS: PickupRequest.CanceledVia.EMPLOYEE,
    Client.APP: PickupRequest.CanceledVia.EMPLOYEE,
    Client.WEBSITE: PickupRequest.CanceledVia.WEBSITE,
}


class CanceledViaField(serializers.ChoiceField):
    """Null while it is not canceled."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PickupRequest.CanceledVia.choices, allow_null=True, **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class PickupRequestSerializer(serializers.ModelSerializer[PickupRequest]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    employee = serializers.UUIDField(source="employee.uuid", read_only=True, allow_null=True)
    canceled_via = CanceledViaField(read_only=True)

    class Meta:
        model = PickupRequest
        fields = (
            "id",
            "customer",
            "pickup_date",
            "status",
            "scheduled_by",
            "employee",
            "canceled_via",
            "created_at",
            "canceled_at",
        )
        read_only_fields = fields


class NewPickupRequestSerializer(StrictSerializer):
    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    pickup_date = serializers.DateField()
    employee = BusinessReferenceField(
        queryset=Employee.objects,
        allow_null=True,
        default=None,
        help_text="Who entered it, if an employee did.",
    )


class PickupRequestViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Days on which a van comes by because somebody asked."""

    area = "pickups"
    queryset = PickupRequest.objects.select_related("customer", "employee")
    serializer_class = PickupRequestSerializer
    filterset_class = PickupRequestFilter
    ordering = ("-pickup_date", "-pk")

    @extend_schema(request=NewPickupRequestSerializer, responses={201: PickupRequestSerializer})
    def create(self, request: Request) -> Response:
        """Schedule a pickup. It becomes the event Pickup Scheduled; the kind of key decides by whom."""
        given, by = (
            self.validated(NewPickupRequestSerializer),
            SCHEDULED_BY[Client(self.key.client)],
        )
        if given["employee"] and by != PickupRequest.ScheduledBy.EMPLOYEE:
            raise serializers.ValidationError(
                {
                    "employee": [
                        "On the website customers schedule pickups themselves. Leave this out."
                    ]
                }
            )
        return self.respond_reloaded(
            given["customer"].schedule_pickup(
                given["pickup_date"], by=by, employee=given["employee"]
            ),
            201,
        )

    @extend_schema(request=None, responses=PickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Cancel it. From the website it becomes the event Customer Canceled Pickup; an employee's cancellation is no event."""
        pickup = self.get_object()
        pickup.cancel(via=CANCELED_VIA[Client(self.key.client)])
        return self.respond_reloaded(pickup)


class RegularPickupRequestSerializer(serializers.ModelSerializer[RegularPickupRequest]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    address = AddressField(read_only=True, allow_null=True)

    class Meta:
        model = RegularPickupRequest
        fields = ("id", "customer", "address", "status", "requested_at", "decided_at")
        read_only_fields = fields


class NewRegularPickupRequestSerializer(StrictSerializer):
    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    address = AddressField(allow_null=True, default=None, help_text="Null: the customer's own.")


class RegularPickupRequestViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Customers' wishes to join a regular route."""

    area = "pickups"
    queryset = RegularPickupRequest.objects.select_related("customer")
    serializer_class = RegularPickupRequestSerializer
    filterset_class = RegularPickupRequestFilter
    ordering = ("-requested_at", "-pk")

    @extend_schema(
        request=NewRegularPickupRequestSerializer, responses={201: RegularPickupRequestSerializer}
    )
    def create(self, request: Request) -> Response:
        """Ask for it, on the website. It becomes the event Customer Requested Regular Pickups."""
        self.require_client(
            Client.WEBSITE,
            "Customers ask for this themselves, on the website. At the counter, set their delivery_preference.",
        )
        given = self.validated(NewRegularPickupRequestSerializer)
        return self.respond_reloaded(
            given["customer"].request_regular_pickups(address=given["address"]), 201
        )

    @extend_schema(request=None, responses=RegularPickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Put the customer on a regular route."""
        self.not_on_the_website()
        wish = self.get_object()
        wish.approve()
        return self.respond_reloaded(wish)

    @extend_schema(request=None, responses=RegularPickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **kwargs: Any) -> Response:
        """The address is on no route."""
        self.not_on_the_website()
        wish = self.get_object()
        wish.decline()
        return self.respond_reloaded(wish)

    def not_on_the_website(self) -> None:
        self.require_client(
            Client.POS,
            "Whether a route passes there is decided at the counter: use a key of the point of sale.",
        )
