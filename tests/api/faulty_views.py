"""Views with a fault in their tenancy or permissions. The walk must find each of them."""

from types import ModuleType
from typing import Any, ClassVar

import django_filters as filters
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import GenericViewSet

from customers.models import Agent, Brand, Customer
from smrt_integration.api.resources.customers import CustomerSerializer
from smrt_integration.api.resources.reference import BrandSerializer
from smrt_integration.api.viewsets import BusinessViewSet


class FaultyViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    area: ClassVar[str | None] = "reference"
    queryset = Brand.objects.all()
    serializer_class = BrandSerializer


class ViewSetWithoutArea(FaultyViewSet):
    area = None


class OpenViewSet(ListModelMixin, GenericViewSet[Any]):
    """Not a BusinessViewSet, and without permissions."""

    permission_classes = ()
    queryset = Brand.objects.all()
    serializer_class = BrandSerializer


class UnscopedViewSet(FaultyViewSet):
    def get_queryset(self) -> Any:
        return Brand.objects.all()


class BrandFilter(filters.FilterSet):  # type: ignore[misc]
    brand = filters.ModelChoiceFilter(to_field_name="uuid", queryset=Brand.objects.all())


class UnscopedFilterViewSet(ListModelMixin, BusinessViewSet):
    area = "customers"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = BrandFilter


class AgentReferenceSerializer(serializers.Serializer[Any]):
    agent = serializers.SlugRelatedField("uuid", queryset=Agent.objects.all())


class UnscopedReferenceViewSet(BusinessViewSet):
    area = "customers"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer

    @extend_schema(request=AgentReferenceSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        customer = self.get_object()
        customer.agent = self.validated(AgentReferenceSerializer)["agent"]
        customer.save(update_fields=["agent"])
        return self.respond_reloaded(customer)


def urls_with(view: type[GenericViewSet[Any]]) -> Any:
    """Return a URL configuration with only this view."""
    router = SimpleRouter(trailing_slash=False, use_regex_path=False)
    router.register("faulty", view, basename="faulty")
    urls: Any = ModuleType(f"urls_{view.__name__}")
    urls.urlpatterns = [path("api/v1/", include((router.urls, "api")))]
    return urls
