"""Reference data: what orders, stops and customers refer to."""

from typing import Any

from django.db import IntegrityError, transaction
from rest_framework import serializers
from rest_framework.mixins import (
    CreateModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)

from customers.models import (
    Agent,
    Brand,
    CustomerGroup,
    CustomField,
    Department,
    Discount,
    Employee,
)
from smrt_integration.api.fields import StrictSerializer
from smrt_integration.api.viewsets import BusinessViewSet


class ReferenceSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    id = serializers.UUIDField(source="uuid", read_only=True)

    def validate_name(self, name: str) -> str:
        """In words, before the database says no; it has the last word all the same."""
        view = self.context["view"]
        others = view.get_queryset().filter(name=name)
        if self.instance is not None:
            others = others.exclude(pk=self.instance.pk)
        if view.unique_names and others.exists():
            raise serializers.ValidationError(f"There is one called {name} already.", "unique")
        return name


class AgentSerializer(ReferenceSerializer):
    class Meta:
        model = Agent
        fields = ("id", "name", "kind")


class BrandSerializer(ReferenceSerializer):
    class Meta:
        model = Brand
        fields = ("id", "name")


class EmployeeSerializer(ReferenceSerializer):
    class Meta:
        model = Employee
        fields = ("id", "name", "role")


class DepartmentSerializer(ReferenceSerializer):
    class Meta:
        model = Department
        fields = ("id", "name")


class CustomerGroupSerializer(ReferenceSerializer):
    class Meta:
        model = CustomerGroup
        fields = ("id", "name")


class DiscountSerializer(ReferenceSerializer):
    class Meta:
        model = Discount
        fields = ("id", "name", "description", "kind", "value")
        extra_kwargs = {"value": {"min_value": 0}}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        kind, value = (
            given.get(name, getattr(self.instance, name, None)) for name in ("kind", "value")
        )
        if kind != Discount.Kind.AMOUNT and value is not None and value > 100:
            raise serializers.ValidationError(
                {"value": ["A discount in percent is at most 100."]}, "invalid"
            )
        return given


class CustomFieldSerializer(ReferenceSerializer):
    class Meta:
        model = CustomField
        fields = ("id", "name", "kind", "position")


class ReferenceViewSet(
    ListModelMixin, RetrieveModelMixin, CreateModelMixin, UpdateModelMixin, BusinessViewSet
):
    area = "reference"
    http_method_names = ["get", "post", "patch", "head", "options"]
    ordering: tuple[str, ...] = ("name", "pk")
    unique_names = True

    def perform_create(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self._save(serializer, business=self.business)

    def perform_update(self, serializer: serializers.BaseSerializer[Any]) -> None:
        self._save(serializer)

    def _save(self, serializer: serializers.BaseSerializer[Any], **more: Any) -> None:
        try:
            with transaction.atomic():
                serializer.save(**more)
        except IntegrityError as error:
            # another call took the name a moment ago
            raise serializers.ValidationError(
                {"name": ["There is one of this name already."]}, "unique"
            ) from error


class AgentViewSet(ReferenceViewSet):
    """Stores and routes: where orders come from."""

    queryset = Agent.objects.all()
    serializer_class = AgentSerializer
    filterset_fields = ("kind",)


class BrandViewSet(ReferenceViewSet):
    """Names under which the business appears."""

    queryset = Brand.objects.all()
    serializer_class = BrandSerializer


class EmployeeViewSet(ReferenceViewSet):
    """People at the counter and drivers."""

    queryset = Employee.objects.all()
    serializer_class = EmployeeSerializer
    filterset_fields = ("role",)
    unique_names = False


class DepartmentViewSet(ReferenceViewSet):
    """What kinds of work there are, such as dry cleaning or laundry."""

    queryset = Department.objects.all()
    serializer_class = DepartmentSerializer


class CustomerGroupViewSet(ReferenceViewSet):
    """Groups of customers, as the business sees them."""

    queryset = CustomerGroup.objects.all()
    serializer_class = CustomerGroupSerializer


class DiscountViewSet(ReferenceViewSet):
    """Discounts on an order or for a customer."""

    queryset = Discount.objects.all()
    serializer_class = DiscountSerializer


class CustomFieldViewSet(ReferenceViewSet):
    """Questions the business asks of its customers, such as the birthday."""

    queryset = CustomField.objects.all()
    serializer_class = CustomFieldSerializer
    ordering = ("position", "name", "pk")
