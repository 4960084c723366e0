"""Stop reports: their serializers, the limits of one call, and the hash of a repeated report."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework import serializers

from customers.models import Agent, Customer, Employee
from smrt_integration.api.error_body import ErrorDict, errors_in
from smrt_integration.api.fields import (
    BusinessReferenceField,
    DateTimeWithOffsetField,
    ShortListField,
    StrictSerializer,
)
from smrt_integration.api.number_fields import WholeNumberField
from smrt_integration.api.resources.line_items import COUNT_FIELD
from smrt_integration.api.resources.orders import OrderIntakeSerializer

MAX_REPORTS = 200
"""More than a driver's stops of a day."""
MAX_ORDERS_PER_STOP = 100
"""More than a driver takes in or delivers at one stop."""
MAX_NEW_ORDERS = 300
"""In one call: what a route takes in on a day.

One call is one transaction of a few seconds. A larger one would lock the customers, and occupy a
web thread, for as long as a phone waits for a response.
"""
MAX_NEW_ITEMS = 3_000
"""In one call, for the same reason."""
TOO_MANY_ORDERS = (
    f"One call may have at most {MAX_NEW_ORDERS} new orders with {MAX_NEW_ITEMS:,} items. "
    "Split it into several calls."
)


class MissedStopSerializer(StrictSerializer):
    """A stop at which there was nothing to pick up or deliver."""

    driver = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    at = DateTimeWithOffsetField()


class CompletedStopSerializer(MissedStopSerializer):
    """What a driver picked up and delivered at a stop."""

    new_orders: Any = serializers.ListSerializer(
        child=OrderIntakeSerializer(), max_length=MAX_ORDERS_PER_STOP, default=list
    )
    delivered_orders = ShortListField(
        child=serializers.UUIDField(), max_length=MAX_ORDERS_PER_STOP, default=list
    )
    bags_delivered = WholeNumberField(
        **COUNT_FIELD,
        allow_null=True,
        default=None,
        help_text="All bags that the driver left. Null: the bags of the delivered orders.",
    )


class StopReportSerializer(CompletedStopSerializer):
    """The report of one stop."""

    stop = serializers.UUIDField(
        help_text="The id of the stop. For an unplanned stop, a random UUID that the phone creates."
    )
    customer = BusinessReferenceField(
        queryset=Customer.objects.select_related("business"),
        allow_null=True,
        default=None,
        help_text="For an unplanned stop. The stop is created if its id is new.",
    )
    route = BusinessReferenceField(
        queryset=Agent.objects.filter(kind=Agent.Kind.ROUTE),
        allow_null=True,
        default=None,
        help_text="For an unplanned stop.",
    )
    outcome = serializers.ChoiceField(choices=["completed", "missed"])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["outcome"] == "missed" and (
            attrs["new_orders"] or attrs["delivered_orders"] or attrs["bags_delivered"]
        ):
            raise serializers.ValidationError(
                {"outcome": ["A missed stop cannot have orders or bags."]}
            )
        return attrs


class StopReportsSerializer(StrictSerializer):
    """The stop reports of one phone."""

    reports: Any = serializers.ListSerializer(
        child=StopReportSerializer(), min_length=1, max_length=MAX_REPORTS
    )


class UnvalidatedReportsSerializer(StrictSerializer):
    """Unvalidated reports.

    Each is validated on its own, so one invalid report does not reject the others.
    """

    reports = ShortListField(child=serializers.DictField(), min_length=1, max_length=MAX_REPORTS)


class ErrorSerializer(serializers.Serializer[Any]):
    """One error. smrt_integration/api/schema.py describes it."""

    code = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    message = serializers.CharField()


class StopReportResultSerializer(serializers.Serializer[Any]):
    """The result of one report."""

    stop = serializers.UUIDField(
        allow_null=True,
        help_text="Null if the report had no valid id. The order is that of the reports.",
    )
    status = serializers.ChoiceField(
        choices=["done", "known", "refused"],
        help_text="done: recorded now. known: the same report, perhaps with another time, was "
        "recorded before. refused: nothing was recorded, see errors.",
    )
    errors = ErrorSerializer(  # type: ignore[assignment]
        many=True,
        help_text="Why the report was refused. Fields are named from the report on. Else empty.",
    )


class StopReportResultsSerializer(serializers.Serializer[Any]):
    """One result for each report, in the order of the reports."""

    answers = StopReportResultSerializer(many=True)


def validate_reports(
    serializer: StopReportSerializer, data: Sequence[Any]
) -> tuple[dict[int, dict[str, Any]], dict[int, dict[str, Any]]]:
    """Return the valid reports and the results of the invalid ones, both by their position."""
    reports, results = {}, {}
    for n, report in enumerate(data):
        try:
            reports[n] = serializer.run_validation(report)
        except serializers.ValidationError as error:
            results[n] = report_result(
                _stop_id(report.get("stop")), "refused", errors_in(error.detail)
            )
    return reports, results


def report_result(
    stop: UUID | None, status: str, errors: Sequence[ErrorDict] = ()
) -> dict[str, Any]:
    return {
        "stop": None if stop is None else str(stop),
        "status": status,
        "errors": list(errors),
    }


def _stop_id(value: Any) -> UUID | None:
    """Return the stop's id if it is valid, so that the phone recognises its report."""
    try:
        uuid: UUID = serializers.UUIDField().run_validation(value)
    except serializers.ValidationError:
        return None
    return uuid


def report_hash(outcome: str, data: Mapping[str, Any]) -> str:
    """Return a hash of everything in a report except the time.

    It is computed from the validated data, so notation makes no difference, and it is the same for
    a report and for the calls `complete` and `miss`.
    """
    content = [data["driver"]]
    if outcome == "completed":
        content += [
            [_hashed(order) for order in data["new_orders"]],
            sorted(map(str, data["delivered_orders"])),
            data["bags_delivered"],
        ]
    text = json.dumps(
        [outcome, *content],
        sort_keys=True,
        default=lambda value: str(getattr(value, "uuid", value)),
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _hashed(order: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out an empty external id: hashes of earlier versions did not have the field."""
    return {name: value for name, value in order.items() if name != "external_id" or value}


def refuse_too_many_orders(reports: Sequence[Any], field: str, hint: str = "") -> None:
    """Raise ValidationError under `field` if the call has too many orders or items.

    Call this before validation, which is most of the work.
    """
    orders = [order for report in reports for order in _list_at(report, "new_orders")]
    items = sum(len(_list_at(order, "items")) for order in orders)
    if len(orders) > MAX_NEW_ORDERS or items > MAX_NEW_ITEMS:
        message = " ".join(filter(None, [TOO_MANY_ORDERS, hint]))
        raise serializers.ValidationError({field: [message]}, "too_many")


def _list_at(data: Any, name: str) -> list[Any]:
    """Return the list under `name`, or an empty one if the unvalidated data has none."""
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, list) else []
