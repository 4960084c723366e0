"""Pickup requests and regular pickup requests."""

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
    """How the pickup was canceled. Null if it was not."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PickupRequest.CanceledVia.choices, allow_null=True, **kwargs)

    def to_representation(self, value: str) -> str | None:  # type: ignore[override]
        return value or None


class PickupRequestSerializer(serializers.ModelSerializer[PickupRequest]):
    """A request for a pickup on one day."""

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
    """A new pickup request."""

    reader = PickupRequestSerializer

    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    pickup_date = serializers.DateField()
    employee = BusinessReferenceField(
        queryset=Employee.objects,
        allow_null=True,
        default=None,
        help_text="The employee who entered it, if any.",
    )


class PickupRequestViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Requests for a pickup on one day."""

    area = "pickups"
    queryset = PickupRequest.objects.select_related("customer", "employee")
    serializer_class = PickupRequestSerializer
    filterset_class = PickupRequestFilter
    ordering = ("-pickup_date", "-pk")

    @extend_schema(request=NewPickupRequestSerializer, responses={201: PickupRequestSerializer})
    def create(self, request: Request) -> Response:
        """Schedule a pickup.

        Records the event Pickup Scheduled. The client of your key decides `scheduled_by`.
        """
        data, by = (
            self.validated(NewPickupRequestSerializer),
            SCHEDULED_BY[Client(self.key.client)],
        )
        if data["employee"] and by != PickupRequest.ScheduledBy.EMPLOYEE:
            raise serializers.ValidationError(
                {"employee": ["Customers schedule on the website themselves. Leave this out."]}
            )
        return self.respond_reloaded(
            data["customer"].schedule_pickup(data["pickup_date"], by=by, employee=data["employee"]),
            201,
        )

    @extend_schema(request=None, responses=PickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, **kwargs: Any) -> Response:
        """Cancel a pickup.

        With a key of the website, this records the event Customer Canceled Pickup. A cancellation
        by an employee is not an event.
        """
        self.expect_no_body()
        pickup = self.get_object()
        pickup.cancel(via=CANCELED_VIA[Client(self.key.client)])
        return self.respond_reloaded(pickup)


class RegularPickupRequestSerializer(serializers.ModelSerializer[RegularPickupRequest]):
    """A customer's request to join a regular route."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    address = AddressField(read_only=True, allow_null=True)

    class Meta:
        model = RegularPickupRequest
        fields = ("id", "customer", "address", "status", "requested_at", "decided_at")
        read_only_fields = fields


class NewRegularPickupRequestSerializer(StrictSerializer):
    """A new request to join a regular route."""

    reader = RegularPickupRequestSerializer

    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    address = AddressField(
        allow_null=True, default=None, help_text="Null or left out: the customer's address."
    )


class RegularPickupRequestViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Requests of customers to join a regular route."""

    area = "pickups"
    queryset = RegularPickupRequest.objects.select_related("customer")
    serializer_class = RegularPickupRequestSerializer
    filterset_class = RegularPickupRequestFilter
    ordering = ("-requested_at", "-pk")

    @extend_schema(
        request=NewRegularPickupRequestSerializer, responses={201: RegularPickupRequestSerializer}
    )
    def create(self, request: Request) -> Response:
        """Request regular pickups. Only keys of the website may do this.

        Records the event Customer Requested Regular Pickups.
        """
        self.require_client(
            Client.WEBSITE,
            "Customers request this on the website. At the counter, set delivery_preference.",
        )
        data = self.validated(NewRegularPickupRequestSerializer)
        return self.respond_reloaded(
            data["customer"].request_regular_pickups(address=data["address"]), 201
        )

    @extend_schema(request=None, responses=RegularPickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, **kwargs: Any) -> Response:
        """Approve the request: the customer is now on a regular route."""
        self._require_point_of_sale()
        self.expect_no_body()
        pickup_request = self.get_object()
        pickup_request.approve()
        return self.respond_reloaded(pickup_request)

    @extend_schema(request=None, responses=RegularPickupRequestSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, **kwargs: Any) -> Response:
        """Decline the request: no route serves the address."""
        self._require_point_of_sale()
        self.expect_no_body()
        pickup_request = self.get_object()
        pickup_request.decline()
        return self.respond_reloaded(pickup_request)

    def _require_point_of_sale(self) -> None:
        self.require_client(
            Client.POS,
            "Only the counter decides about routes. Use a key of the point of sale.",
        )
