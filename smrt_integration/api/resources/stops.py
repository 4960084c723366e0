"""Drivers' stops, also from a phone that was offline."""

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

from customers.errors import ActionRefused, refused_if_taken
from customers.models import Agent, Customer, Employee, Order, Stop
from customers.models.tenant import lockable
from smrt_integration.api.fields import (
    AddressField,
    BusinessReferenceField,
    StrictSerializer,
    not_found_message,
    rows_by_uuid,
)
from smrt_integration.api.filters import StopFilter
from smrt_integration.api.resources.orders import new_items
from smrt_integration.api.resources.stop_reports import (
    CompletedStopSerializer,
    MissedStopSerializer,
    StopReportResultsSerializer,
    StopReportSerializer,
    StopReportsSerializer,
    UnvalidatedReportSerializer,
    refuse_too_many_orders,
    report_hash,
    report_result,
    validate_reports,
)
from smrt_integration.api.viewsets import BusinessViewSet


class StopSerializer(serializers.ModelSerializer[Stop]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    driver = serializers.UUIDField(source="driver.uuid", read_only=True, allow_null=True)
    route = serializers.UUIDField(source="route.uuid", read_only=True, allow_null=True)
    address = AddressField(read_only=True, allow_null=True)

    class Meta:
        model = Stop
        fields = (
            *(
                "id",
                "customer",
                "driver",
                "route",
                "address",
                "scheduled_for",
                "status",
                "completed_at",
            ),
            *("had_pickup", "had_delivery", "total_pickups", "total_deliveries"),
        )
        read_only_fields = fields


class NewStopSerializer(StrictSerializer):
    customer = BusinessReferenceField(queryset=Customer.objects.select_related("business"))
    scheduled_for = serializers.DateField()
    driver = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    route = BusinessReferenceField(
        queryset=Agent.objects.filter(kind=Agent.Kind.ROUTE), allow_null=True, default=None
    )


class StopViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """A driver's stops at customers' doors."""

    area = "stops"
    queryset = Stop.objects.select_related("customer", "driver", "route")
    serializer_class = StopSerializer
    filterset_class = StopFilter
    ordering = ("-scheduled_for", "-pk")

    @extend_schema(request=NewStopSerializer, responses={201: StopSerializer})
    def create(self, request: Request) -> Response:
        """Put a customer's door on a day's route."""
        given = self.validated(NewStopSerializer)
        return self.respond_reloaded(
            Stop.schedule(given.pop("customer"), given.pop("scheduled_for"), **given), 201
        )

    @extend_schema(request=CompletedStopSerializer, responses=StopSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """The driver is done. It becomes Pickup Completed, or Pickup Missed when nothing was picked up or delivered."""
        stop = self.get_object()
        refuse_too_many_orders(
            [request.data], "new_orders", "Orders may be taken in at a stop before it is completed."
        )
        self._end(stop, "completed", self.validated(CompletedStopSerializer))
        return self.respond_reloaded(stop)

    @extend_schema(request=MissedStopSerializer, responses=StopSerializer)
    @action(detail=True, methods=["post"])
    def miss(self, request: Request, **kwargs: Any) -> Response:
        """There was nothing to pick up or deliver. It becomes the event Pickup Missed."""
        stop = self.get_object()
        self._end(stop, "missed", self.validated(MissedStopSerializer))
        return self.respond_reloaded(stop)

    @extend_schema(request=StopReportsSerializer, responses=StopReportResultsSerializer)
    @action(detail=False, methods=["post"])
    def reports(self, request: Request) -> Response:
        """What a phone that was offline has to tell, in any order. Each report is done, known or refused by itself."""
        told = self.validated(UnvalidatedReportSerializer)["reports"]
        refuse_too_many_orders(told, "reports")
        shape = StopReportSerializer(context=self.get_serializer_context())
        reports, answers = validate_reports(shape, told)
        stops = self._stops_of(reports.values())
        # in the order in which it happened: an order taken in at one stop may be delivered at a later one
        for n in sorted(reports, key=lambda n: reports[n]["at"] or timezone.now()):
            answers[n] = self._answer(stops, reports[n])
        return Response({"answers": [answers[n] for n in range(len(told))]})

    def _stops_of(self, reports: Collection[dict[str, Any]]) -> dict[UUID, Stop]:
        """Those there are, as they are when all their customers are locked, and those of stops that are still to be made.

        Of two phones at once, each with some of the same customers, one waits for the other before it begins.
        """
        named = (
            self.get_queryset().order_by().filter(uuid__in={report["stop"] for report in reports})
        )
        customers = {
            *named.values_list("customer", flat=True),
            *(report["customer"].pk for report in reports if report["customer"]),
        }
        locked = list(
            lockable(Customer).filter(pk__in=customers).order_by("pk").values_list("pk", flat=True)
        )
        return {stop.uuid: stop for stop in named.filter(customer__in=locked)}

    def _answer(self, stops: dict[UUID, Stop], report: dict[str, Any]) -> dict[str, str | None]:
        try:
            with transaction.atomic():
                stop = stops.get(report["stop"]) or self._unplanned(report)
                if report["customer"]:
                    stop.refuse_other_customer(report["customer"], "customer")
                if stop.reported == report_hash(report["outcome"], report):
                    return report_result(report["stop"], "known")
                self._end(stop, report["outcome"], report)
        except ActionRefused as refusal:
            return report_result(
                report["stop"],
                "refused",
                {refusal.field: refusal.message} if refusal.field else refusal.message,
            )
        except serializers.ValidationError as error:
            return report_result(report["stop"], "refused", error.detail)
        stops[stop.uuid] = stop
        return report_result(stop.uuid, "done")

    def _unplanned(self, report: dict[str, Any]) -> Stop:
        """Refused alike whether there is no such stop or another business has it, so that nobody learns which ids there are."""
        not_known = ActionRefused(not_found_message(Stop), "does_not_exist")
        if report["customer"] is None:
            raise not_known
        with refused_if_taken("customers_stop_uuid", not_known):
            return Stop.create_unplanned(
                report["customer"],
                report["stop"],
                driver=report["driver"],
                route=report["route"],
                at=report["at"],
            )

    def _end(self, stop: Stop, outcome: str, given: dict[str, Any]) -> None:
        stop.refuse_unless_pending()
        told: Any = {
            "driver": given["driver"],
            "at": given["at"],
            "reported": report_hash(outcome, given),
        }
        if outcome == "missed":
            stop.miss(**told)
            return
        delivered = list(
            rows_by_uuid(
                Order.objects.filter(business=self.business),
                given["delivered_orders"],
                "delivered_orders",
            ).values()
        )
        orders = [self._taken_in(stop, order, given) for order in given["new_orders"]]
        stop.complete(
            new_orders=orders,
            delivered_orders=delivered,
            bags_delivered=given["bags_delivered"],
            **told,
        )

    def _taken_in(self, stop: Stop, order: dict[str, Any], given: dict[str, Any]) -> Order:
        return Order.create(
            stop.customer,
            stop=stop,
            sold_by=given["driver"] or stop.driver,
            agent=stop.route,
            at=given["at"],
            **{**order, "items": new_items(self.business, order["items"], "new_orders")},
        )
