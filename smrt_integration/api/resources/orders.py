"""Orders and their line items."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from customers.models import (
    Agent,
    Business,
    Customer,
    Department,
    Discount,
    Employee,
    LineItem,
    NewLineItem,
    Order,
    Stop,
)
from customers.models.line_item import MAX_DESCRIPTION_LENGTH, MAX_PIECES
from customers.models.tenant import lockable
from smrt_integration.api.errors import as_conflict
from smrt_integration.api.fields import (
    BusinessReferenceField,
    DateTimeWithOffsetField,
    StrictSerializer,
    not_found_message,
    rows_by_uuid,
)
from smrt_integration.api.filters import OrderFilter
from smrt_integration.api.viewsets import BusinessViewSet

MAX_ITEMS = 500
MONEY_FIELD: Any = {"max_digits": 12, "decimal_places": 2, "min_value": Decimal(0)}
PERCENT_FIELD: Any = {
    "max_digits": 6,
    "decimal_places": 4,
    "min_value": Decimal(0),
    "max_value": Decimal(99),
}
COUNT_FIELD: Any = {"min_value": 0, "max_value": MAX_PIECES}


class LineItemSerializer(serializers.ModelSerializer[LineItem]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    department = serializers.UUIDField(source="department.uuid", read_only=True, allow_null=True)

    class Meta:
        model = LineItem
        fields = ("id", "description", "quantity", "price", "department", "returned_at")
        read_only_fields = fields


class NewLineItemSerializer(StrictSerializer):
    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH)
    price = serializers.DecimalField(**MONEY_FIELD, help_text="Of one piece.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_PIECES, default=1)
    department = serializers.UUIDField(allow_null=True, default=None)


class LineItemChangeSerializer(StrictSerializer):
    description = serializers.CharField(max_length=MAX_DESCRIPTION_LENGTH, required=False)
    price = serializers.DecimalField(**MONEY_FIELD, required=False, help_text="Of one piece.")
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_PIECES, required=False)
    department = BusinessReferenceField(
        queryset=Department.objects, allow_null=True, required=False
    )


class OrderSerializer(serializers.ModelSerializer[Order]):
    id = serializers.UUIDField(source="uuid", read_only=True)
    customer = serializers.UUIDField(source="customer.uuid", read_only=True)
    agent = serializers.UUIDField(source="agent.uuid", read_only=True, allow_null=True)
    sold_by = serializers.UUIDField(source="sold_by.uuid", read_only=True, allow_null=True)
    returned_by = serializers.UUIDField(source="returned_by.uuid", read_only=True, allow_null=True)
    discount = serializers.UUIDField(source="discount.uuid", read_only=True, allow_null=True)
    stop = serializers.UUIDField(source="stop.uuid", read_only=True, allow_null=True)
    items = LineItemSerializer(source="lines", many=True, read_only=True)

    class Meta:
        model = Order
        fields = (
            *(
                "id",
                "number",
                "status",
                "customer",
                "agent",
                "sold_by",
                "returned_by",
                "discount",
                "stop",
                "bags",
                "tax_rate",
            ),
            *(
                "subtotal",
                "discount_total",
                "tax",
                "total",
                "created_at",
                "ready_at",
                "returned_at",
                "items",
            ),
        )
        read_only_fields = fields


class OrderIntakeSerializer(StrictSerializer):
    """What is taken in, at a counter or at a door."""

    items: Any = serializers.ListSerializer(
        child=NewLineItemSerializer(), max_length=MAX_ITEMS, default=list
    )
    discount = BusinessReferenceField(queryset=Discount.objects, allow_null=True, default=None)
    tax_rate = serializers.DecimalField(
        **PERCENT_FIELD, default=Decimal(0), help_text="In percent."
    )
    bags = serializers.IntegerField(**COUNT_FIELD, default=1)
    number = serializers.CharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text="The point of sale's own; made when left out.",
    )


class NewOrderSerializer(OrderIntakeSerializer):
    customer = BusinessReferenceField(queryset=lockable(Customer))
    agent = BusinessReferenceField(queryset=Agent.objects, allow_null=True, default=None)
    sold_by = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    stop = BusinessReferenceField(
        queryset=Stop.objects,
        allow_null=True,
        default=None,
        help_text="The driver's stop at which it is taken in.",
    )
    at = DateTimeWithOffsetField()


class OrderChangeSerializer(StrictSerializer):
    agent = BusinessReferenceField(queryset=Agent.objects, allow_null=True, required=False)
    sold_by = BusinessReferenceField(queryset=Employee.objects, allow_null=True, required=False)
    discount = BusinessReferenceField(queryset=Discount.objects, allow_null=True, required=False)
    tax_rate = serializers.DecimalField(**PERCENT_FIELD, required=False, help_text="In percent.")
    bags = serializers.IntegerField(**COUNT_FIELD, required=False)


class MoreLineItemsSerializer(StrictSerializer):
    items: Any = serializers.ListSerializer(
        child=NewLineItemSerializer(), min_length=1, max_length=MAX_ITEMS
    )


class OccurredAtSerializer(StrictSerializer):
    at = DateTimeWithOffsetField()


class OrderReturnSerializer(OccurredAtSerializer):
    by = BusinessReferenceField(
        queryset=Employee.objects,
        allow_null=True,
        default=None,
        help_text="The employee who gave it back.",
    )
    stop = BusinessReferenceField(
        queryset=Stop.objects,
        allow_null=True,
        default=None,
        help_text="The driver's stop at which it was given back.",
    )
    items = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MAX_ITEMS,
        allow_null=True,
        default=None,
        help_text="Null: everything.",
    )


class OrderViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """What customers brought in, from taking it in to giving it back."""

    area = "orders"
    queryset = Order.objects.select_related(
        "customer", "agent", "sold_by", "returned_by", "discount", "stop"
    ).prefetch_related(
        Prefetch("items", LineItem.objects.select_related("department").order_by("pk"))
    )
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    ordering = ("-created_at", "-pk")

    @extend_schema(request=NewOrderSerializer, responses={201: OrderSerializer})
    def create(self, request: Request) -> Response:
        """Take in an order: a visit to a store, or at a driver's stop. It becomes the event Order Created."""
        given = self.validated(NewOrderSerializer)
        items = new_items(self.business, given.pop("items"), "items")
        # everything of it is at hand
        return self.respond(Order.take_in(given.pop("customer"), items=items, **given), 201)

    @extend_schema(request=OrderChangeSerializer, responses=OrderSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Correct an open order; what is left out stays."""
        order: Order = self.get_object()
        order.change(**self.validated(OrderChangeSerializer))
        return self.respond_reloaded(order)

    @extend_schema(request=MoreLineItemsSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"], url_path="items")
    def items(self, request: Request, **kwargs: Any) -> Response:
        """Add line items to an open order."""
        order: Order = self.get_object()
        order.add_items(
            new_items(self.business, self.validated(MoreLineItemsSerializer)["items"], "items")
        )
        return self.respond_reloaded(order)

    @extend_schema(request=LineItemChangeSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["patch"], url_path="items/<uuid:item>")
    def item(self, request: Request, item: UUID, **kwargs: Any) -> Response:
        """Correct a line item of an open order; what is left out stays."""
        order: Order = self.get_object()
        with as_conflict("items"):
            order.change_item(
                self._item_of(order, item), **self.validated(LineItemChangeSerializer)
            )
        return self.respond_reloaded(order)

    @extend_schema(responses=OrderSerializer)
    @item.mapping.delete
    def remove_item(self, request: Request, item: UUID, **kwargs: Any) -> Response:
        """Take a line item out of an open order."""
        order: Order = self.get_object()
        with as_conflict("items"):
            order.remove_items([self._item_of(order, item)])
        return self.respond_reloaded(order)

    @extend_schema(request=OccurredAtSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def ready(self, request: Request, **kwargs: Any) -> Response:
        """Everything is done. It becomes the event Order Ready."""
        order: Order = self.get_object()
        order.mark_ready(self.validated(OccurredAtSerializer)["at"])
        return self.respond_reloaded(order)

    @extend_schema(request=OrderReturnSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def give_back(self, request: Request, **kwargs: Any) -> Response:
        """Give back all or some items. Each becomes the event Order Line Item Returned; the last one also Order Returned."""
        order, given = self.get_object(), self.validated(OrderReturnSerializer)
        items = None if given["items"] is None else self._items_of(order, given["items"])
        order.return_to_customer(by=given["by"], items=items, stop=given["stop"], at=given["at"])
        return self.respond_reloaded(order)

    def _item_of(self, order: Order, uuid: UUID) -> LineItem:
        for item in order.lines:
            if item.uuid == uuid:
                return item
        raise NotFound(not_found_message(LineItem))

    def _items_of(self, order: Order, ids: list[UUID]) -> list[LineItem]:
        return list(rows_by_uuid(LineItem.objects.filter(order=order), ids, "items").values())


def new_items(business: Business, items: list[dict[str, Any]], field: str) -> list[NewLineItem]:
    """All departments in one query, however many items. Raises ValidationError that names `field` and, in its place, the item."""
    wanted = {item["department"] for item in items if item["department"]}
    found = (
        {
            row.uuid: row
            for row in Department.objects.filter(business=business, uuid__in=wanted).order_by()
        }
        if wanted
        else {}
    )
    if wanted - found.keys():
        unknown = [
            {"department": [not_found_message(Department)]}
            if item["department"] in wanted - found.keys()
            else {}
            for item in items
        ]
        raise serializers.ValidationError({field: unknown}, "does_not_exist")
    return [NewLineItem(**{**item, "department": found.get(item["department"])}) for item in items]
