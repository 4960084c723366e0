"""How long the database takes for every list of the admin and of the API, with many records.

The pages are those of the admin's registry and of the API's router, so a new one is measured
without being named here.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from bench import fill_lists
from bench.figures import Figure, progress, rounded
from bench.owner_pages import PLAIN_FILES
from bench.sizes import Sizes
from customers.models import Business, Membership
from events.models import Outgoing, SendLog
from smrt_integration.api.filters import ReferenceFilter
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import SCOPES
from smrt_integration.api.scopes import Client as ApiClient
from smrt_integration.api.urls import router

HOST: Final = "smrt.example.com"
SLOWEST_SHOWN: Final = 12
DAY: Final = "2025-06-01"
SEARCHES: Final = ("anna+miller", "anna", "robin+nobody", "0199")
OTHER_PATHS: Final = ("/admin/", "/admin/search/?s=anna+miller", "/admin/search/?s=miller")


@dataclass(slots=True)
class Statements:
    """The statements of one request and their time; used as Django's execute wrapper."""

    milliseconds: float = 0.0
    found: list[tuple[str, Any]] = field(default_factory=list)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.milliseconds += 1_000 * (time.perf_counter() - started)
            self.found.append((sql, params))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who opens pages: an owner, support, or a program with an API key."""

    name: str
    client: Client
    user: User | None = None

    def open(self, path: str) -> tuple[Any, Statements]:
        """Open a page, also after redirects."""
        statements = Statements()
        with connection.execute_wrapper(statements):
            response = self.client.get(path, secure=True, follow=True)
        if response.status_code != 200:
            raise AssertionError(f"{path} returned {response.status_code} to {self.name}.")
        return response, statements


def measure_lists(sizes: Sizes) -> Iterator[Figure]:
    """Measure each list: plain, sorted by each column, filtered by each filter, and searched."""
    started = time.monotonic()
    fill_lists.fill_lists(sizes.list_customers, sizes.list_customers)
    progress(f"filled in {time.monotonic() - started:.0f} s")
    yield from figures_of_lists(sizes.list_customers)


def figures_of_lists(customers: int) -> Iterator[Figure]:
    extra = {"customers": customers, "orders": customers}
    with override_settings(STORAGES=PLAIN_FILES):
        business = Business.objects.get(pk=fill_lists.LARGE_BUSINESS)
        for visitor, paths in (
            (owner_of(business), admin_paths),
            (support(), admin_paths),
            (program_of(business), api_paths),
        ):
            times: dict[str, float] = {}
            for path in paths(visitor):
                visitor.open(path)
                times[path] = min(visitor.open(path)[1].milliseconds for _ in range(2))
            slowest = sorted(times.items(), key=lambda item: -item[1])
            shown = {path: rounded(value) for path, value in slowest[:SLOWEST_SHOWN]}
            over = sum(value > 50 for value in times.values())
            yield Figure(
                f"lists_{visitor.name}_slowest_ms",
                slowest[0][1],
                "ms",
                {"lists": len(times), "over_50_ms": over, "slowest": shown, **extra},
            )


def owner_of(business: Business, name: str = "owner") -> Visitor:
    user = User.objects.create(username=f"lists-{name}", is_staff=True)
    Membership.objects.create(user=user, business=business, role=Membership.Role.OWNER)
    return _user(name, user)


def support() -> Visitor:
    user = User.objects.create(username="lists-support", is_staff=True, is_superuser=True)
    return _user("support", user)


def _user(name: str, user: User) -> Visitor:
    client = Client(headers={"host": HOST})
    client.force_login(user)
    return Visitor(name, client, user)


def program_of(business: Business) -> Visitor:
    _, secret = ApiKey.issue(business, ApiClient.POS, "Lists", scopes=sorted(SCOPES))
    headers = {"host": HOST, "authorization": f"Bearer {secret}"}
    return Visitor("api", Client(headers=headers))


def admin_paths(visitor: Visitor) -> Iterator[str]:
    """Yield the address of each list with each sort and filter, and of one record of each."""
    request = RequestFactory().get("/admin/")
    assert visitor.user
    request.user = visitor.user
    yield from OTHER_PATHS
    for model, options in admin.site._registry.items():
        if not options.has_view_permission(request):
            continue
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield path
        if model in (SendLog, Outgoing):
            continue
        yield from _admin_list_paths(visitor, path, options, request)


def _admin_list_paths(visitor: Visitor, path: str, options: Any, request: Any) -> Iterator[str]:
    response, _ = visitor.open(path)
    page = (getattr(response, "context_data", None) or {}).get("cl")
    if page is None:
        return
    html = response.content.decode()
    for query in sorted(set(re.findall(r'href="\?(o=-?\d+)"', html))):
        column = query.removeprefix(f"{ORDER_VAR}=").lstrip("-")
        yield f"{path}?{ORDER_VAR}={column}"
        yield f"{path}?{ORDER_VAR}=-{column}"
    for spec in page.filter_specs:
        yield from (f"{path}{query}" for query in _filter_queries(spec, page))
    if page.paginator.num_pages > 1:
        yield f"{path}?p=2"
        yield f"{path}?p={page.paginator.num_pages}"
    if row := next(iter(page.result_list), None):
        yield reverse(f"admin:{options.opts.label_lower.replace('.', '_')}_change", args=[row.pk])
    if options.get_search_fields(request):
        yield from (f"{path}?{SEARCH_VAR}={typed}" for typed in SEARCHES)
        yield from _autocomplete_paths(options)


def _filter_queries(spec: Any, page: Any) -> Iterator[str]:
    parameter = spec.expected_parameters()[0]
    if parameter.endswith(("_from", "_to")):
        name = spec.field_path
        yield f"?{name}_from={DAY}&{name}_to={DAY}"
        yield f"?{name}_to=2001-01-01"
        return
    for choice in spec.choices(page):
        if "query_string" in choice and not choice.get("selected"):
            yield str(choice["query_string"])
        elif "form" in choice:
            yield f"?{parameter}={fill_lists.LARGE_BUSINESS}"


def _autocomplete_paths(options: Any) -> Iterator[str]:
    """Yield the addresses that a field calls which refers to this model."""
    for model, other in admin.site._registry.items():
        for name in other.autocomplete_fields:
            field: Any = model._meta.get_field(name)
            if field.remote_field.model is options.model:
                query = (
                    f"app_label={model._meta.app_label}&model_name={model._meta.model_name}"
                    f"&field_name={name}"
                )
                for typed in ("", "anna+miller", "miller"):
                    yield f"/admin/autocomplete/?term={typed}&{query}"
                return


def api_paths(visitor: Visitor) -> Iterator[str]:
    """Yield each list with each filter, and a page deep in it."""
    for prefix, viewset, _ in router.registry:
        path = f"/api/v1/{prefix}"
        if not hasattr(viewset, "list"):
            continue
        yield path
        yield from _next_pages(visitor, path)
        view: Any = viewset()
        for name in view.filter_names() if prefix not in MESSAGES else ():
            for value in _values_of(viewset, name):
                yield f"{path}?{name}={value}"


MESSAGES: Final = ("waiting-messages", "send-log-entries")
TEXTS: Final = {
    "search": ("anna+miller", "anna", "nobody+there"),
    "name": ("anna+miller", "anna", "nobody+there", "a+m"),
    "email": ("alex77@example.com",),
    "phone": ("(415)+555-0100",),
    "number": ("N1-77",),
    "external_id": ("E-77",),
}


def _next_pages(visitor: Visitor, path: str) -> Iterator[str]:
    for limit in (50, 200):
        response, _ = visitor.open(f"{path}?limit={limit}")
        if following := response.json().get("next"):
            yield following.removeprefix(f"https://{HOST}")


def _values_of(viewset: Any, name: str) -> Iterator[Any]:
    if name in TEXTS:
        yield from TEXTS[name]
        return
    filterset: Any = getattr(viewset, "filterset_class", None)
    declared = filterset.get_filters()[name] if filterset else None
    if name.startswith(("created", "requested")):
        yield "2024-06-01T00:00:00Z"
    elif name == "day":
        yield DAY
    elif declared is not None and isinstance(declared, ReferenceFilter):
        yield from _uuids(viewset.queryset.model, declared.field_name)
    else:
        choices = viewset.queryset.model._meta.get_field(name).choices or ()
        yield from (value for value, _ in choices)


def _uuids(model: Any, path: str) -> Iterator[Any]:
    """Return the id of the record that the middle row refers to, and one that no row has."""
    for part in path.split("__")[:-1]:
        model = model._meta.get_field(part).related_model
    rows = model.objects.filter(business_id=fill_lists.LARGE_BUSINESS).order_by("pk")
    first = rows.first()
    if first:
        yield first.uuid
    yield "00000000-0000-4000-8000-000000000000"
