"""Drivers' stops, and the reports of a phone that was offline."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from customers.errors import ActionRefused, refused_if_taken, refused_within
from customers.models import Agent, Customer, Employee, Order, Stop
from customers.models.tenant import lockable
from smrt_integration.api.error_body import errors_in
from smrt_integration.api.errors import refusal_errors
from smrt_integration.api.fields import (
    AddressField,
    BusinessReferenceField,
    StrictSerializer,
    not_found_message,
    rows_by_uuid,
)
from smrt_integration.api.filters import StopFilter
from smrt_integration.api.resources.line_items import new_items
from smrt_integration.api.resources.stop_reports import (
    CompletedStopSerializer,
    MissedStopSerializer,
    StopReportResultsSerializer,
    StopReportSerializer,
    StopReportsSerializer,
    UnvalidatedReportsSerializer,
    refuse_too_many_orders,
    report_hash,
    report_result,
    validate_reports,
)
from smrt_integration.api.viewsets import BusinessViewSet

ORDERS_BEFORE_COMPLETION = "You can also create orders at a stop before you complete it."


class StopSerializer(serializers.ModelSerializer[Stop]):
    """A driver's stop at a customer. References are ids."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    driver = serializers.UUIDField(source="driver.uuid", read_only=True, allow_null=True)
    route = serializers.UUIDField(source="route.uuid", read_only=True, allow_null=True)
    address = AddressField(read_only=True, allow_null=True)

    class Meta:
        model = Stop
        fields = (
            "id",
            "customer",
            "driver",
            "route",
            "address",
            "scheduled_for",
            "status",
            "completed_at",
            "had_pickup",
            "had_delivery",
            "total_pickups",
            "total_deliveries",
        )
        read_only_fields = fields


class NewStopSerializer(StrictSerializer):
    """A new stop."""

    reader = StopSerializer

    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    scheduled_for = serializers.DateField()
    driver = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    route = BusinessReferenceField(
        queryset=Agent.objects.filter(kind=Agent.Kind.ROUTE), allow_null=True, default=None
    )


class StopViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Drivers' stops at customers."""

    area = "stops"
    queryset = Stop.objects.select_related("customer", "driver", "route")
    serializer_class = StopSerializer
    filterset_class = StopFilter
    ordering = ("-scheduled_for", "-pk")

    @extend_schema(request=NewStopSerializer, responses={201: StopSerializer})
    def create(self, request: Request) -> Response:
        """Schedule a stop at a customer."""
        data = self.validated(NewStopSerializer)
        return self.respond_reloaded(
            Stop.schedule(data.pop("customer"), data.pop("scheduled_for"), **data), 201
        )

    @extend_schema(request=CompletedStopSerializer, responses=StopSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """Complete a stop.

        Records the event Pickup Completed, or Pickup Missed if nothing was picked up or delivered.
        """
        stop = self.get_object()
        refuse_too_many_orders([request.data], "new_orders", ORDERS_BEFORE_COMPLETION)
        self._finish(stop, "completed", self.validated(CompletedStopSerializer))
        return self.respond_reloaded(stop)

    @extend_schema(request=MissedStopSerializer, responses=StopSerializer)
    @action(detail=True, methods=["post"])
    def miss(self, request: Request, **kwargs: Any) -> Response:
        """Mark a stop as missed: there was nothing to pick up or deliver.

        Records the event Pickup Missed.
        """
        stop = self.get_object()
        self._finish(stop, "missed", self.validated(MissedStopSerializer))
        return self.respond_reloaded(stop)

    @extend_schema(request=StopReportsSerializer, responses=StopReportResultsSerializer)
    @action(detail=False, methods=["post"])
    def reports(self, request: Request) -> Response:
        """Report the stops of a phone that was offline, in any order.

        Each report has its own result: done, known or refused.
        """
        data = self.validated(UnvalidatedReportsSerializer)["reports"]
        refuse_too_many_orders(data, "reports")
        serializer = StopReportSerializer(context=self.get_serializer_context())
        reports, results = validate_reports(serializer, data)
        stops = self._lock_stops(reports.values())
        # by time, because an order taken in at one stop may be delivered at a later one
        for n in sorted(reports, key=lambda n: reports[n]["at"] or timezone.now()):
            results[n] = self._process(stops, reports[n])
        return Response({"answers": [results[n] for n in range(len(data))]})

    def _lock_stops(self, reports: Collection[dict[str, Any]]) -> dict[UUID, Stop]:
        """Lock the customers of the reports, in one order, and return the stops that exist.

        Two phones that report stops of the same customers wait for each other here. Without the
        order they could deadlock.
        """
        reported = (
            self.get_queryset().order_by().filter(uuid__in={report["stop"] for report in reports})
        )
        customers = {
            *reported.values_list("customer", flat=True),
            *(report["customer"].pk for report in reports if report["customer"]),
        }
        locked = list(
            lockable(Customer).filter(pk__in=customers).order_by("pk").values_list("pk", flat=True)
        )
        return {stop.uuid: stop for stop in reported.filter(customer__in=locked)}

    def _process(self, stops: dict[UUID, Stop], report: dict[str, Any]) -> dict[str, Any]:
        """Carry out one report in a savepoint. Returns its result."""
        try:
            with transaction.atomic():
                stop = stops.get(report["stop"]) or self._create_unplanned(report)
                if report["customer"]:
                    stop.refuse_other_customer(report["customer"], "customer")
                if stop.reported == report_hash(report["outcome"], report):
                    return report_result(report["stop"], "known")
                self._finish(stop, report["outcome"], report)
        except ActionRefused as refusal:
            return report_result(report["stop"], "refused", refusal_errors(refusal))
        except serializers.ValidationError as error:
            return report_result(report["stop"], "refused", errors_in(error.detail))
        stops[stop.uuid] = stop
        return report_result(stop.uuid, "done")

    def _create_unplanned(self, report: dict[str, Any]) -> Stop:
        """Create the stop under the phone's id.

        If another business has a stop with this id, the refusal is the same as for an unknown id,
        so that it does not reveal which ids exist.
        """
        unknown = ActionRefused(not_found_message(Stop), "does_not_exist", "stop")
        if report["customer"] is None:
            raise unknown
        with refused_if_taken("customers_stop_uuid", unknown):
            return Stop.create_unplanned(
                report["customer"],
                report["stop"],
                driver=report["driver"],
                route=report["route"],
                at=report["at"],
            )

    def _finish(self, stop: Stop, outcome: str, data: dict[str, Any]) -> None:
        """Complete or miss the stop, with its new orders and its deliveries."""
        stop.refuse_unless_pending()
        report: Any = {
            "driver": data["driver"],
            "at": data["at"],
            "reported": report_hash(outcome, data),
        }
        if outcome == "missed":
            stop.miss(**report)
            return
        delivered = list(
            rows_by_uuid(
                Order.objects.filter(business=self.business),
                data["delivered_orders"],
                "delivered_orders[{}]",
            ).values()
        )
        orders = []
        for n, order in enumerate(data["new_orders"]):
            with refused_within(f"new_orders[{n}]"):
                orders.append(self._create_order(stop, order, data, f"new_orders[{n}].items"))
        stop.complete(
            new_orders=orders,
            delivered_orders=delivered,
            bags_delivered=data["bags_delivered"],
            **report,
        )

    def _create_order(
        self, stop: Stop, order: dict[str, Any], data: dict[str, Any], items_path: str
    ) -> Order:
        return Order.create(
            stop.customer,
            stop=stop,
            sold_by=data["driver"] or stop.driver,
            agent=stop.route,
            at=data["at"],
            **{**order, "items": new_items(self.business, order["items"], items_path)},
        )
