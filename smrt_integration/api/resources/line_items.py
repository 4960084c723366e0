"""Line items of orders: their serializers, and departments by id."""

from typing import Any

from rest_framework import serializers

from customers.models import Business, Department, LineItem, NewLineItem
from customers.models.line_item import MAX_DESCRIPTION_LENGTH, MAX_PIECES
from smrt_integration.api.fields import (
    BusinessReferenceField,
    StrictSerializer,
    not_found_message,
)
from smrt_integration.api.number_fields import MoneyField, WholeNumberField

MAX_ITEMS = 500
"""Many times what an order has; each item is a row to write in one transaction."""
COUNT_FIELD: Any = {"min_value": 0, "max_value": MAX_PIECES}


class LineItemSerializer(serializers.ModelSerializer[LineItem]):
    """A line item of an order."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    department = serializers.UUIDField(source="department.uuid", read_only=True, allow_null=True)

    class Meta:
        model = LineItem
        fields = ("id", "description", "quantity", "price", "department", "returned_at")
        read_only_fields = fields


class NewLineItemSerializer(StrictSerializer):
    """A new line item."""

    reader = LineItemSerializer

    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH)
    price = MoneyField(help_text="The price of one piece.")
    quantity = WholeNumberField(min_value=1, max_value=MAX_PIECES, default=1)
    department = serializers.UUIDField(allow_null=True, default=None)


class LineItemChangeSerializer(StrictSerializer):
    """Changes of a line item."""

    reader = LineItemSerializer

    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH, required=False)
    price = MoneyField(required=False, help_text="The price of one piece.")
    quantity = WholeNumberField(min_value=1, max_value=MAX_PIECES, required=False)
    department = BusinessReferenceField(
        queryset=Department.objects, allow_null=True, required=False
    )


class MoreLineItemsSerializer(StrictSerializer):
    """Line items to add to an order."""

    items: Any = serializers.ListSerializer(
        child=NewLineItemSerializer(), min_length=1, max_length=MAX_ITEMS
    )


def new_items(business: Business, items: list[dict[str, Any]], field: str) -> list[NewLineItem]:
    """Return the line items with their departments, which are read in one query.

    Raises ValidationError under `field`, with one entry per item, if a department is unknown.
    """
    wanted = {item["department"] for item in items if item["department"]}
    departments = (
        {
            row.uuid: row
            for row in Department.objects.filter(business=business, uuid__in=wanted).order_by()
        }
        if wanted
        else {}
    )
    if wanted - departments.keys():
        unknown = [
            {"department": [not_found_message(Department)]}
            if item["department"] in wanted - departments.keys()
            else {}
            for item in items
        ]
        raise serializers.ValidationError({field: unknown}, "does_not_exist")
    return [
        NewLineItem(**{**item, "department": departments.get(item["department"])}) for item in items
    ]
