"""Drivers' stops, also from a phone that was offline."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import Agent, Customer, Employee, Order, Stop
from customers.models.tenant import lockable
from customers.refusals import ActionRefused
from smrt_integration.api.door import Door
from smrt_integration.api.fields import AddressField, MomentField, Reference, by_uuid, not_here
from smrt_integration.api.filters import StopFilter
from smrt_integration.api.resources.orders import COUNT, IntakeShape, new_items

MOST_REPORTS = 200
MOST_ORDERS = 100


class StopShape(serializers.ModelSerializer[Stop]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    driver = serializers.UUIDField(source="driver.uuid", read_only=True, allow_null=True)
    route = serializers.UUIDField(source="route.uuid", read_only=True, allow_null=True)
    address = AddressField(read_only=True, allow_null=True)

    class Meta:
        model = Stop
        fields = (
            *("id", "customer", "driver", "route", "address", "scheduled_for", "status", "completed_at"),
            *("had_pickup", "had_delivery", "total_pickups", "total_deliveries"),
        )
        read_only_fields = fields


class NewStop(serializers.Serializer[Any]):
    customer = Reference(queryset=Customer.objects.select_related("business"))
    scheduled_for = serializers.DateField()
    driver = Reference(queryset=Employee.objects, allow_null=True, default=None)
    route = Reference(queryset=Agent.objects.filter(kind=Agent.Kind.ROUTE), allow_null=True, default=None)


class Missed(serializers.Serializer[Any]):
    driver = Reference(queryset=Employee.objects, allow_null=True, default=None)
    at = MomentField()


class Completed(Missed):
    new_orders: Any = serializers.ListSerializer(child=IntakeShape(), max_length=MOST_ORDERS, default=list)
    delivered_orders = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_ORDERS, default=list)
    bags_delivered = serializers.IntegerField(
        **COUNT, allow_null=True, default=None, help_text="Null: what the delivered orders' bags add up to."
    )


class Report(Completed):
    """What happened at one stop."""

    stop = serializers.UUIDField()
    outcome = serializers.ChoiceField(choices=["completed", "missed"])


class Reports(serializers.Serializer[Any]):
    reports: Any = serializers.ListSerializer(child=Report(), min_length=1, max_length=MOST_REPORTS)


class ReportAnswer(serializers.Serializer[Any]):
    stop = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["done", "known", "refused"], help_text="Known: it had been reported before.")
    detail = serializers.CharField(allow_blank=True, help_text="Why it was refused.")


class ReportAnswers(serializers.Serializer[Any]):
    answers = ReportAnswer(many=True)


class Stops(ListModelMixin, RetrieveModelMixin, Door):
    """A driver's stops at customers' doors."""

    area = "stops"
    queryset = Stop.objects.select_related("customer", "driver", "route")
    serializer_class = StopShape
    filterset_class = StopFilter
    ordering = ("-scheduled_for", "-pk")

    @extend_schema(request=NewStop, responses={201: StopShape})
    def create(self, request: Request) -> Response:
        """Put a customer's door on a day's route."""
        given = self.given(NewStop)
        return self.answer(Stop.schedule(given.pop("customer"), given.pop("scheduled_for"), **given), 201)

    @extend_schema(request=Completed, responses=StopShape)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, **kwargs: Any) -> Response:
        """The driver is done. It becomes Pickup Completed, or Pickup Missed when nothing was picked up or delivered."""
        stop = self.get_object()
        self._complete(stop, self.given(Completed))
        return self.answer(stop)

    @extend_schema(request=Missed, responses=StopShape)
    @action(detail=True, methods=["post"])
    def miss(self, request: Request, **kwargs: Any) -> Response:
        """There was nothing to pick up or deliver. It becomes the event Pickup Missed."""
        stop = self.get_object()
        given = self.given(Missed)
        stop.miss(given["driver"], at=given["at"])
        return self.answer(stop)

    @extend_schema(request=Reports, responses=ReportAnswers)
    @action(detail=False, methods=["post"])
    def reports(self, request: Request) -> Response:
        """What a phone that was offline has to tell, in any order. Each report is done, known or refused by itself."""
        reports = self.given(Reports)["reports"]
        stops = {stop.uuid: stop for stop in self.get_queryset().filter(uuid__in={report["stop"] for report in reports})}
        # of two phones at once, each with some of the same customers, one waits for the other before it begins
        list(lockable(Customer).filter(pk__in={stop.customer_id for stop in stops.values()}).order_by("pk").values_list("pk"))
        # in the order in which it happened: an order taken in at one stop may be delivered at a later one
        turn = sorted(range(len(reports)), key=lambda n: reports[n]["at"] or timezone.now())
        answers = {n: self._report(stops.get(reports[n]["stop"]), dict(reports[n])) for n in turn}
        return Response({"answers": [{"stop": str(report["stop"]), **answers[n]} for n, report in enumerate(reports)]})

    def _report(self, stop: Stop | None, report: dict[str, Any]) -> dict[str, str]:
        if stop is None:
            return {"status": "refused", "detail": not_here(Stop)}
        try:
            with transaction.atomic():
                if report["outcome"] == "missed":
                    stop.miss(report["driver"], at=report["at"])
                else:
                    self._complete(stop, report)
        except ActionRefused as refusal:
            # a stop that ended otherwise, at the counter say, is no repetition: what the phone has to tell would be lost unseen
            known = refusal.code == f"{_becomes(report)}_already"
            return {"status": "known" if known else "refused", "detail": refusal.message}
        except serializers.ValidationError as error:
            return {"status": "refused", "detail": " ".join(sentences(error.detail))}
        return {"status": "done", "detail": ""}

    def _complete(self, stop: Stop, given: dict[str, Any]) -> None:
        delivered = list(by_uuid(Order.objects.filter(business=self.business), given["delivered_orders"], "delivered_orders").values())
        orders = [
            Order.create(
                stop.customer,
                stop=stop,
                sold_by=given["driver"] or stop.driver,
                agent=stop.route,
                at=given["at"],
                **{**order, "items": new_items(self.business, order["items"], "new_orders")},
            )
            for order in given["new_orders"]
        ]
        stop.complete(
            given["driver"], new_orders=orders, delivered_orders=delivered, bags_delivered=given["bags_delivered"], at=given["at"]
        )


def _becomes(report: Mapping[str, Any]) -> str:
    """What the stop is when this report was done."""
    brought = report["new_orders"] or report["delivered_orders"] or report["bags_delivered"]
    return Stop.Status.COMPLETED if brought and report["outcome"] == "completed" else Stop.Status.MISSED


def sentences(detail: Any) -> list[str]:
    """All that is wrong, whatever it is about."""
    if isinstance(detail, dict):
        return [sentence for part in detail.values() for sentence in sentences(part)]
    if isinstance(detail, list):
        return [sentence for part in detail for sentence in sentences(part)]
    return [str(detail)]
