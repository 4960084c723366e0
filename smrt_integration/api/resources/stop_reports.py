"""What a driver's phone tells of stops: its shape, how much of it one call may bring, and by what a repetition is known."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework import serializers

from customers.models import Agent, Customer, Employee
from smrt_integration.api.fields import (
    BusinessReferenceField,
    DateTimeWithOffsetField,
    StrictSerializer,
)
from smrt_integration.api.resources.orders import COUNT_FIELD, OrderIntakeSerializer

MAX_REPORTS = 200
# At one door.
MAX_ORDERS_PER_STOP = 100
# In one call, which is one transaction: what a route brings in on a day, and a few seconds' work. Twice as much would keep customers
# locked, and one of few web workers busy, for as long as a phone waits for its answer.
MAX_NEW_ORDERS = 300
MAX_NEW_ITEMS = 3_000
TOO_MANY_ORDERS = f"One call takes in at most {MAX_NEW_ORDERS} orders with {MAX_NEW_ITEMS:,} items. Send it in several calls."


class MissedStopSerializer(StrictSerializer):
    driver = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    at = DateTimeWithOffsetField()


class CompletedStopSerializer(MissedStopSerializer):
    new_orders: Any = serializers.ListSerializer(
        child=OrderIntakeSerializer(), max_length=MAX_ORDERS_PER_STOP, default=list
    )
    delivered_orders = serializers.ListField(
        child=serializers.UUIDField(), max_length=MAX_ORDERS_PER_STOP, default=list
    )
    bags_delivered = serializers.IntegerField(
        **COUNT_FIELD,
        allow_null=True,
        default=None,
        help_text="All that the driver left there. Null: what the bags of the orders given back there add up to.",
    )


class StopReportSerializer(CompletedStopSerializer):
    """What happened at one stop."""

    stop = serializers.UUIDField(
        help_text="Of a stop that was not planned: an id that the phone made up, together with the customer."
    )
    customer = BusinessReferenceField(
        queryset=Customer.objects.select_related("business"),
        allow_null=True,
        default=None,
        help_text="Of a stop that was not planned: it is made, unless there is one with this id already.",
    )
    route = BusinessReferenceField(
        queryset=Agent.objects.filter(kind=Agent.Kind.ROUTE),
        allow_null=True,
        default=None,
        help_text="Of a stop that was not planned.",
    )
    outcome = serializers.ChoiceField(choices=["completed", "missed"])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["outcome"] == "missed" and (
            attrs["new_orders"] or attrs["delivered_orders"] or attrs["bags_delivered"]
        ):
            raise serializers.ValidationError(
                {"outcome": ["A stop with orders or bags was not missed."]}
            )
        return attrs


class StopReportsSerializer(StrictSerializer):
    reports: Any = serializers.ListSerializer(
        child=StopReportSerializer(), min_length=1, max_length=MAX_REPORTS
    )


class UnvalidatedReportSerializer(StrictSerializer):
    """`Reports` of which none has been looked at: each is judged by itself, lest one that makes no sense keep others from counting."""

    reports = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=MAX_REPORTS
    )


class StopReportResultSerializer(serializers.Serializer[Any]):
    stop = serializers.UUIDField(
        allow_null=True,
        help_text="Null where the report had no id. The answers are in the reports' order.",
    )
    status = serializers.ChoiceField(
        choices=["done", "known", "refused"],
        help_text="Known: this very report, whatever its time, had been done before.",
    )
    detail = serializers.CharField(allow_blank=True, help_text="Why it was refused.")


class StopReportResultsSerializer(serializers.Serializer[Any]):
    answers = StopReportResultSerializer(many=True)


def validate_reports(
    shape: StopReportSerializer, told: Sequence[Any]
) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, str | None]]]:
    """The reports that make sense, by their place, and the answers to the others."""
    reports, answers = {}, {}
    for n, body in enumerate(told):
        try:
            reports[n] = shape.run_validation(body)
        except serializers.ValidationError as error:
            answers[n] = report_result(_stop_id(body.get("stop")), "refused", error.detail)
    return reports, answers


def report_result(stop: UUID | None, status: str, detail: Any = ()) -> dict[str, str | None]:
    return {
        "stop": None if stop is None else str(stop),
        "status": status,
        "detail": " ".join(error_sentences(detail)),
    }


def _stop_id(value: Any) -> UUID | None:
    """What the phone can tell its report by, whatever else is wrong with it."""
    try:
        found: UUID = serializers.UUIDField().run_validation(value)
    except serializers.ValidationError:
        return None
    return found


def report_hash(outcome: str, given: Mapping[str, Any]) -> str:
    """Of what was told of a stop, but the time: by it a phone that heard no answer is known to repeat itself.

    Of what was understood, and not of how it was written, and the same whether it was told at once or in a report.
    """
    content = [given["driver"]]
    if outcome == "completed":
        content += [
            given["new_orders"],
            sorted(map(str, given["delivered_orders"])),
            given["bags_delivered"],
        ]
    said = json.dumps(
        [outcome, *content],
        sort_keys=True,
        default=lambda value: str(getattr(value, "uuid", value)),
    )
    return hashlib.sha256(said.encode()).hexdigest()


def refuse_too_many_orders(bodies: Sequence[Any], field: str, hint: str = "") -> None:
    """Before any of it is read, which is most of the work. Raises ValidationError that names `field`."""
    orders = [order for body in bodies for order in _list_at(body, "new_orders")]
    items = sum(len(_list_at(order, "items")) for order in orders)
    if len(orders) > MAX_NEW_ORDERS or items > MAX_NEW_ITEMS:
        raise serializers.ValidationError(
            {field: [" ".join(filter(None, [TOO_MANY_ORDERS, hint]))]}
        )


def _list_at(body: Any, name: str) -> list[Any]:
    """Whatever the body is."""
    found = body.get(name) if isinstance(body, Mapping) else None
    return found if isinstance(found, list) else []


def error_sentences(detail: Any, *place: str) -> Iterator[str]:
    """All that is wrong, each with where: `new_orders.0.number: There is an order 7 already.`"""
    if isinstance(detail, Mapping):
        for name, part in detail.items():
            yield from error_sentences(part, *place, str(name))
    elif isinstance(detail, (list, tuple)):
        for number, part in enumerate(detail):
            yield from error_sentences(
                part, *place, *([] if isinstance(part, str) else [str(number)])
            )
    else:
        yield f"{'.'.join(place)}: {detail}" if place else str(detail)
