"""Paths below /api/v1/: plural nouns, UUIDs, actions as sub-resources."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from smrt_integration.api import schema
from smrt_integration.api.not_found import NotFoundView
from smrt_integration.api.resources import (
    customers,
    imports,
    integration,
    messages,
    orders,
    own_key,
    pickups,
    reference,
    stops,
)

__all__ = ["schema", "urlpatterns"]

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("customers", customers.CustomerViewSet)
router.register("orders", orders.OrderViewSet)
router.register("stops", stops.StopViewSet)
router.register("pickup-requests", pickups.PickupRequestViewSet)
router.register("regular-pickup-requests", pickups.RegularPickupRequestViewSet)
router.register("agents", reference.AgentViewSet)
router.register("brands", reference.BrandViewSet)
router.register("employees", reference.EmployeeViewSet)
router.register("departments", reference.DepartmentViewSet)
router.register("customer-groups", reference.CustomerGroupViewSet)
router.register("discounts", reference.DiscountViewSet)
router.register("custom-fields", reference.CustomFieldViewSet)
router.register("imports", imports.ImportViewSet)
router.register("waiting-messages", messages.WaitingMessageViewSet)
router.register("send-log-entries", messages.SendLogEntryViewSet)

# The view renders HTML only, so OPTIONS is not allowed.
DOCS: Any = {
    "url_name": "api:schema",
    "template_name": "smrt/api_docs.html",
    "http_method_names": ["get", "head"],
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(router.urls)),
    path(
        "integration",
        integration.IntegrationViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="integration",
    ),
    path(
        "integration/resume",
        integration.IntegrationViewSet.as_view({"post": "resume"}),
        name="integration-resume",
    ),
    path("own-key", own_key.OwnKeyViewSet.as_view({"get": "retrieve"}), name="own-key"),
    path("event-types", integration.EventTypeViewSet.as_view({"get": "list"}), name="event-types"),
    path(
        "trait-types", integration.TraitTypeViewSet.as_view({"get": "retrieve"}), name="trait-types"
    ),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(**DOCS), name="docs"),
    # a regular expression also matches line breaks, which path converters do not
    re_path("", NotFoundView.as_view()),
]
