"""Orders, and what is done with their line items."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar
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
    Customer,
    Discount,
    Employee,
    LineItem,
    Order,
    Stop,
)
from customers.models.external_id import MAX_EXTERNAL_ID
from customers.models.tenant import lockable
from smrt_integration.api.errors import as_conflict
from smrt_integration.api.fields import (
    BusinessReferenceField,
    DateTimeWithOffsetField,
    ShortListField,
    StrictSerializer,
    not_found_message,
    rows_by_uuid,
)
from smrt_integration.api.filters import OrderFilter
from smrt_integration.api.number_fields import ExactDecimalField, WholeNumberField
from smrt_integration.api.resources.line_items import (
    COUNT_FIELD,
    MAX_ITEMS,
    LineItemChangeSerializer,
    LineItemSerializer,
    MoreLineItemsSerializer,
    NewLineItemSerializer,
    new_items,
)
from smrt_integration.api.viewsets import BusinessViewSet

PERCENT_FIELD: Any = {
    "max_digits": 6,
    "decimal_places": 4,
    "min_value": Decimal(0),
    "max_value": Decimal(99),
}
EXTERNAL_ID_FIELD: Any = {
    "max_length": MAX_EXTERNAL_ID,
    "allow_blank": True,
    "help_text": "The id of the order in your point of sale. Unique unless empty.",
}


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order with its line items. References are ids."""

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
            "id",
            "external_id",
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
            "subtotal",
            "discount_total",
            "tax",
            "total",
            "created_at",
            "ready_at",
            "returned_at",
            "items",
        )
        read_only_fields = fields


class OrderIntakeSerializer(StrictSerializer):
    """An order that is taken in at the counter or at a stop."""

    reader = OrderSerializer

    items: Any = serializers.ListSerializer(
        child=NewLineItemSerializer(), max_length=MAX_ITEMS, default=list
    )
    discount = BusinessReferenceField(queryset=Discount.objects, allow_null=True, default=None)
    tax_rate = ExactDecimalField(**PERCENT_FIELD, default=Decimal(0), help_text="In percent.")
    bags = WholeNumberField(**COUNT_FIELD, default=1)
    number = serializers.CharField(
        max_length=40,
        allow_blank=True,
        default="",
        help_text="The order number of the point of sale. Created if left out.",
    )
    external_id = serializers.CharField(**EXTERNAL_ID_FIELD, default="")


class NewOrderSerializer(OrderIntakeSerializer):
    """A new order."""

    customer = BusinessReferenceField(queryset=lockable(Customer))
    agent = BusinessReferenceField(queryset=Agent.objects, allow_null=True, default=None)
    sold_by = BusinessReferenceField(queryset=Employee.objects, allow_null=True, default=None)
    stop = BusinessReferenceField(
        queryset=Stop.objects,
        allow_null=True,
        default=None,
        help_text="The driver's stop where the order is taken in.",
    )
    at = DateTimeWithOffsetField()


class OrderChangeSerializer(StrictSerializer):
    """Changes of an open order."""

    reader = OrderSerializer
    reasons: ClassVar[Mapping[str, str]] = {
        "items": "The calls under items change line items, and return returns them."
    }

    agent = BusinessReferenceField(queryset=Agent.objects, allow_null=True, required=False)
    sold_by = BusinessReferenceField(queryset=Employee.objects, allow_null=True, required=False)
    discount = BusinessReferenceField(queryset=Discount.objects, allow_null=True, required=False)
    tax_rate = ExactDecimalField(**PERCENT_FIELD, required=False, help_text="In percent.")
    bags = WholeNumberField(**COUNT_FIELD, required=False)
    external_id = serializers.CharField(**EXTERNAL_ID_FIELD, required=False)


class OccurredAtSerializer(StrictSerializer):
    """When it happened."""

    at = DateTimeWithOffsetField()


class OrderReturnSerializer(OccurredAtSerializer):
    """Which line items go back to the customer, and who returned them."""

    by = BusinessReferenceField(
        queryset=Employee.objects,
        allow_null=True,
        default=None,
        help_text="The employee who returned it to the customer.",
    )
    stop = BusinessReferenceField(
        queryset=Stop.objects,
        allow_null=True,
        default=None,
        help_text="The driver's stop where it was returned.",
    )
    items = ShortListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=MAX_ITEMS,
        allow_null=True,
        default=None,
        help_text="The ids of the line items. Null or left out: all of them.",
    )


class OrderViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """Orders, from taking in to returning to the customer."""

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
        """Create an order, at a store or at a driver's stop.

        Records the event Order Created. At a store, it also records Customer Visit.
        """
        data = self.validated(NewOrderSerializer)
        items = new_items(self.business, data.pop("items"), "items")
        # create_for_locked returns the whole order, so it need not be read again
        return self.respond(Order.create_for_locked(data.pop("customer"), items=items, **data), 201)

    @extend_schema(request=OrderChangeSerializer, responses=OrderSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change an open order. Fields that you leave out stay as they are."""
        order: Order = self.get_object()
        if changes := self.changes(OrderChangeSerializer, order).validated_data:
            order.change(**changes)
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
        """Change a line item of an open order. Fields that you leave out stay as they are."""
        order: Order = self.get_object()
        line = self._item_of(order, item)
        if changes := self.changes(LineItemChangeSerializer, line).validated_data:
            with as_conflict("items"):
                order.change_item(line, **changes)
        return self.respond_reloaded(order)

    @extend_schema(responses={200: OrderSerializer})
    @item.mapping.delete
    def remove_item(self, request: Request, item: UUID, **kwargs: Any) -> Response:
        """Remove a line item from an open order."""
        self.expect_no_body()
        order: Order = self.get_object()
        with as_conflict("items"):
            order.remove_items([self._item_of(order, item)])
        return self.respond_reloaded(order)

    @extend_schema(request=OccurredAtSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"])
    def ready(self, request: Request, **kwargs: Any) -> Response:
        """Mark the order as ready. Records the event Order Ready."""
        order: Order = self.get_object()
        order.mark_ready(self.validated(OccurredAtSerializer)["at"])
        return self.respond_reloaded(order)

    @extend_schema(request=OrderReturnSerializer, responses=OrderSerializer)
    @action(detail=True, methods=["post"], url_path="return", url_name="return")
    def return_to_customer(self, request: Request, **kwargs: Any) -> Response:
        """Return all or some line items to the customer.

        Records the event Order Line Item Returned for each item, and Order Returned with the last.
        """
        order, data = self.get_object(), self.validated(OrderReturnSerializer)
        items = None if data["items"] is None else self._items_of(order, data["items"])
        order.return_to_customer(by=data["by"], items=items, stop=data["stop"], at=data["at"])
        return self.respond_reloaded(order)

    def _item_of(self, order: Order, uuid: UUID) -> LineItem:
        for item in order.lines:
            if item.uuid == uuid:
                return item
        raise NotFound(not_found_message(LineItem))

    def _items_of(self, order: Order, ids: list[UUID]) -> list[LineItem]:
        return list(rows_by_uuid(LineItem.objects.filter(order=order), ids, "items[{}]").values())
