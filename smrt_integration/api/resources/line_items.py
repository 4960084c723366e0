"""Line items of orders: their serializers, and departments by id."""

from typing import Any

from rest_framework import serializers

from customers.models import Business, Department, LineItem, NewLineItem
from customers.models.line_item import MAX_DESCRIPTION_LENGTH, MAX_PIECES, MAX_UNIT_LENGTH
from smrt_integration.api.fields import (
    BusinessReferenceField,
    StrictSerializer,
    not_found_message,
)
from smrt_integration.api.number_fields import MoneyField, QuantityField

MAX_ITEMS = 500
"""Many times what an order has; each item is a row to write in one transaction."""
COUNT_FIELD: Any = {"min_value": 0, "max_value": MAX_PIECES}
QUANTITY_HELP = "How many pieces, or how much by weight or size: up to 3 decimals."
UNIT_FIELD: Any = {
    "max_length": MAX_UNIT_LENGTH,
    "allow_blank": True,
    "required": False,
    "help_text": "What the quantity is measured in, such as lb. Empty for pieces.",
}


class LineItemSerializer(serializers.ModelSerializer[LineItem]):
    """A line item of an order."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    quantity = QuantityField(read_only=True)
    department = serializers.UUIDField(source="department.uuid", read_only=True, allow_null=True)

    class Meta:
        model = LineItem
        fields = ("id", "description", "quantity", "unit", "price", "department", "returned_at")
        read_only_fields = fields


class NewLineItemSerializer(StrictSerializer):
    """A new line item."""

    reader = LineItemSerializer

    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH)
    price = MoneyField(help_text="The price of one piece, or of one unit.")
    quantity = QuantityField(default=1, help_text=QUANTITY_HELP)
    unit = serializers.CharField(**UNIT_FIELD)
    department = serializers.UUIDField(allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave an empty unit out: a report with it is the same as one without (`report_hash`)."""
        return {name: value for name, value in attrs.items() if name != "unit" or value}


class LineItemChangeSerializer(StrictSerializer):
    """Changes of a line item."""

    reader = LineItemSerializer

    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH, required=False)
    price = MoneyField(required=False, help_text="The price of one piece, or of one unit.")
    quantity = QuantityField(required=False, help_text=QUANTITY_HELP)
    unit = serializers.CharField(**UNIT_FIELD)
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
