"""Reference data: the records that orders, stops and customers refer to."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers
from rest_framework.mixins import (
    CreateModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
)
from rest_framework.request import Request
from rest_framework.response import Response

from customers.errors import ActionRefused, refused_if_taken
from customers.models import (
    Agent,
    Brand,
    CustomerGroup,
    CustomField,
    Department,
    Discount,
    Employee,
)
from customers.models.external_id import refused_if_external_id_taken
from customers.money import exact_amount
from smrt_integration.api.fields import StrictSerializer
from smrt_integration.api.number_fields import ExactDecimalField, WholeNumberField
from smrt_integration.api.viewsets import BusinessViewSet


class ReferenceSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """The base of reference data: records with an id and a name."""

    id = serializers.UUIDField(source="uuid", read_only=True)

    def validate_name(self, name: str) -> str:
        """Reject a name that is taken. The database's constraint decides if two calls race."""
        view = self.context["view"]
        others = view.get_queryset().filter(name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if view.unique_names and others.exists():
            raise serializers.ValidationError(*_name_taken(name))
        return name


def _name_taken(name: str) -> tuple[str, str]:
    return f"There already is one with the name {name}.", "name_taken"


class AgentSerializer(ReferenceSerializer):
    """A store or a route."""

    class Meta:
        model = Agent
        fields = ("id", "name", "kind")


class BrandSerializer(ReferenceSerializer):
    """A brand of the business."""

    class Meta:
        model = Brand
        fields = ("id", "name")


class EmployeeSerializer(ReferenceSerializer):
    """An employee: at the counter or a driver."""

    class Meta:
        model = Employee
        fields = ("id", "external_id", "name", "role")


class DepartmentSerializer(ReferenceSerializer):
    """A department, such as dry cleaning or laundry."""

    class Meta:
        model = Department
        fields = ("id", "name")


class CustomerGroupSerializer(ReferenceSerializer):
    """A group of customers."""

    class Meta:
        model = CustomerGroup
        fields = ("id", "name")


class DiscountSerializer(ReferenceSerializer):
    """A discount for orders and customers."""

    value = ExactDecimalField(max_digits=12, decimal_places=2, min_value=Decimal(0))

    class Meta:
        model = Discount
        fields = ("id", "name", "description", "kind", "value")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        kind, value = (
            attrs.get(name, getattr(self.instance, name, None)) for name in ("kind", "value")
        )
        if kind != Discount.Kind.AMOUNT and value is not None and value > 100:
            raise serializers.ValidationError(
                {"value": ["A discount in percent can be at most 100."]}, "invalid"
            )
        if kind == Discount.Kind.AMOUNT and value is not None and attrs.keys() & {"kind", "value"}:
            self._refuse_part_of_a_coin(value)
        return attrs

    def _refuse_part_of_a_coin(self, value: Decimal) -> None:
        try:
            exact_amount(value, self.context["view"].business.currency, "value")
        except ValueError as error:
            raise serializers.ValidationError({"value": [str(error)]}, "invalid") from error


class CustomFieldSerializer(ReferenceSerializer):
    """A field about customers that the business defines."""

    position = WholeNumberField(min_value=0, max_value=32_767, required=False)

    class Meta:
        model = CustomField
        fields = ("id", "name", "kind", "position")


class ReferenceViewSet(ListModelMixin, RetrieveModelMixin, CreateModelMixin, BusinessViewSet):
    area = "reference"
    http_method_names = ["get", "post", "patch", "head", "options"]
    ordering: tuple[str, ...] = ("name", "pk")
    unique_names = True

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self._save(serializer, business=self.business)

    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change the record. Fields that you leave out stay as they are."""
        record = self.get_object()
        # otherwise a save of another field in between would be undone
        record.lock()
        serializer = self.changes(self.get_serializer_class(), record)
        if serializer.validated_data:
            self._save(serializer)
        return self.respond(record)

    def _save(self, serializer: serializers.BaseSerializer[Any], **values: Any) -> None:
        name = serializer.validated_data.get("name", "")
        # another call may take the name in between
        with refused_if_taken("_name_unique", ActionRefused(*_name_taken(name), "name")):
            self._write(serializer, **values)

    def _write(self, serializer: serializers.BaseSerializer[Any], **values: Any) -> None:
        serializer.save(**values)


class AgentViewSet(ReferenceViewSet):
    """Agents: stores and routes."""

    queryset = Agent.objects.all()
    serializer_class = AgentSerializer
    filterset_fields = ("kind",)


class BrandViewSet(ReferenceViewSet):
    """The brands of the business."""

    queryset = Brand.objects.all()
    serializer_class = BrandSerializer


class EmployeeViewSet(ReferenceViewSet):
    """Employees: at the counter and drivers."""

    queryset = Employee.objects.all()
    serializer_class = EmployeeSerializer
    filterset_fields = ("role", "external_id")
    unique_names = False

    def _write(self, serializer: serializers.BaseSerializer[Any], **values: Any) -> None:
        external_id = serializer.validated_data.get("external_id", "")
        with refused_if_external_id_taken(Employee, external_id):
            super()._write(serializer, **values)


class DepartmentViewSet(ReferenceViewSet):
    """Departments of line items, such as dry cleaning or laundry."""

    queryset = Department.objects.all()
    serializer_class = DepartmentSerializer


class CustomerGroupViewSet(ReferenceViewSet):
    """Groups of customers, which the business defines."""

    queryset = CustomerGroup.objects.all()
    serializer_class = CustomerGroupSerializer


class DiscountViewSet(ReferenceViewSet):
    """Discounts for orders and customers."""

    queryset = Discount.objects.all()
    serializer_class = DiscountSerializer


class CustomFieldViewSet(ReferenceViewSet):
    """Fields about customers that the business defines, such as the birthday."""

    queryset = CustomField.objects.all()
    serializer_class = CustomFieldSerializer
    ordering = ("position", "name", "pk")
