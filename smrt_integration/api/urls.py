"""/api/v1/: plural nouns, UUIDs, actions as sub-resources."""

from typing import Any

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from smrt_integration.api import schema
from smrt_integration.api.nothing import Nothing
from smrt_integration.api.resources import (
    customers,
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
router.register("customers", customers.Customers)
router.register("orders", orders.Orders)
router.register("stops", stops.Stops)
router.register("pickup-requests", pickups.PickupRequests)
router.register("regular-pickup-requests", pickups.RegularPickupRequests)
router.register("agents", reference.Agents)
router.register("brands", reference.Brands)
router.register("employees", reference.Employees)
router.register("departments", reference.Departments)
router.register("customer-groups", reference.CustomerGroups)
router.register("discounts", reference.Discounts)
router.register("custom-fields", reference.CustomFields)
router.register("waiting-messages", messages.WaitingMessages)
router.register("send-log-entries", messages.SendLogEntries)

# Its renderer knows pages only, not what OPTIONS would answer.
DOCS: Any = {
    "url_name": "api:schema",
    "template_name": "smrt/api_docs.html",
    "http_method_names": ["get", "head"],
}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(router.urls)),
    path(
        "integration",
        integration.TheIntegration.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="integration",
    ),
    path(
        "integration/resume",
        integration.TheIntegration.as_view({"post": "resume"}),
        name="integration-resume",
    ),
    path("own-key", own_key.OwnKey.as_view({"get": "retrieve"}), name="own-key"),
    path("event-types", integration.EventTypes.as_view({"get": "list"}), name="event-types"),
    path("trait-types", integration.TraitTypes.as_view({"get": "retrieve"}), name="trait-types"),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(**DOCS), name="docs"),
    # also what a path converter does not match, such as a line break
    re_path("", Nothing.as_view()),
]
