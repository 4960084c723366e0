"""Calls to the API as one business, and checks that a response shows nothing of another."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.test import Client as Http
from django.utils import timezone

from customers.models import (
    Agent,
    Brand,
    Business,
    Customer,
    CustomerGroup,
    CustomField,
    Department,
    Discount,
    Employee,
    LineItem,
    Order,
    Stop,
)
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import SCOPES, Client
from tests.admin.sample_business import SampleBusiness
from tests.api.endpoints import (
    METHODS,
    ROOT,
    SAFE,
    Call,
    Endpoint,
    Examples,
    endpoints,
)

OPEN = {"schema", "docs"}
"""Open without a key. They describe the API and contain no data."""
ROWS_BY_NAME: Mapping[str, Any] = {
    "agent": Agent.objects.filter(kind=Agent.Kind.STORE),
    "birthday_field": CustomField.objects.filter(kind=CustomField.Kind.DATE),
    "brand": Brand.objects,
    "business": Business.objects,
    "by": Employee.objects,
    "customer": Customer.objects,
    "customer__business": Business.objects,
    "delivered_orders": Order.objects,
    "department": Department.objects,
    "discount": Discount.objects,
    "driver": Employee.objects,
    "employee": Employee.objects,
    "field": CustomField.objects,
    "group": CustomerGroup.objects,
    "item": LineItem.objects,
    "items": LineItem.objects,
    "route": Agent.objects.filter(kind=Agent.Kind.ROUTE),
    "sold_by": Employee.objects,
    "stop": Stop.objects,
}
"""The rows that an id can name, by its name in a body, a query or a path."""
NAME_UNKNOWN = (
    "{path}: add to ROWS_BY_NAME (tests/api/tenancy_checks.py) which rows “{name}” can name. "
    "Then the walk tries them."
)
ROW_MISSING = "Add a row of {model} to tests/admin/sample_business.py."
WALKED_METHODS = tuple(method for method in METHODS if method != "head")
"""HEAD runs the same code as GET."""
UNUSED_ID = UUID("00000000-0000-4000-8000-00000000beef")


def tables() -> dict[str, str]:
    """Return a digest of the rows of each table, to see whether anything was written."""
    with connection.cursor() as cursor:
        cursor.execute(_digests())
        return dict(cursor.fetchall())


@cache
def _digests() -> str:
    with connection.cursor() as cursor:
        names = [
            name
            for name in connection.introspection.table_names(cursor)
            if re.match("(customers|events|smrt_integration)_", name)
        ]
    return " UNION ALL ".join(
        f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" AS t"
        for name in names
    )


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return f"{response.status_code} {response.headers} {content.decode()}"


def public_id(row: Any) -> Any:
    return row.uuid if hasattr(row, "uuid") else row.message_id


def unused_id_like(value: Any) -> Any:
    """Return an id of the same kind that no row has."""
    return UNUSED_ID if isinstance(value, UUID) else UNUSED_ID.hex


@dataclass
class TenancyChecks:
    """Calls with keys of the business `own` about rows of `other`. `faults` has the findings."""

    own: SampleBusiness
    other: SampleBusiness
    urlconf: Any
    faults: list[str] = field(default_factory=list)
    secrets: dict[frozenset[str], str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.examples = Examples(self.urlconf)
        (api,) = (pattern for pattern in self.urlconf.urlpatterns if f"/{pattern.pattern}" == ROOT)
        self.endpoints = list(endpoints(api.url_patterns))
        self.full_key = self.key(SCOPES)
        rows = [row for rows in self.other.everything().values() for row in rows]
        ids = {
            str(value)
            for row in rows
            for name, value in row.items()
            if isinstance(value, UUID) or name == "message_id"
        }
        self.traces = re.compile(
            "|".join([self.other.mark, self.other.numbers, *ids]), re.IGNORECASE
        )

    # requests

    def key(self, scopes: Iterable[str]) -> str:
        """Return a key with exactly these scopes, just used, so that no call records its use."""
        wanted = frozenset(scopes)
        if wanted not in self.secrets:
            key, self.secrets[wanted] = ApiKey.issue(
                self.own.business, Client.POS, f"{self.own.mark} key", list(wanted)
            )
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=timezone.now())
            self.stored = tables()
        return self.secrets[wanted]

    def row(self, business: SampleBusiness, path: str, name: str) -> Any:
        if name not in ROWS_BY_NAME:
            raise LookupError(NAME_UNKNOWN.format(path=path, name=name))
        rows = ROWS_BY_NAME[name].all()
        row = business.rows(rows.model).filter(pk__in=rows.values("pk")).first()
        assert row is not None, ROW_MISSING.format(model=rows.model.__name__)
        return row

    def own_id(self, path: str, name: str) -> str:
        return str(public_id(self.row(self.own, path, name)))

    def ids(self, endpoint: Endpoint, business: SampleBusiness) -> dict[str, Any]:
        """Return the ids for the path: of the view's row, and of the rows of the other names."""
        view, ids = endpoint.view, {}
        for name in endpoint.names:
            if (
                name
                == (getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None))
                and view.queryset is not None
            ):
                row = business.rows(view.queryset.model).first()
                assert row is not None, ROW_MISSING.format(model=view.queryset.model.__name__)
                ids[name] = getattr(row, view.lookup_field)
            else:
                ids[name] = public_id(self.row(business, endpoint.path, name))
        return ids

    def call(self, endpoint: Endpoint, method: str) -> Call:
        """Return a call about the own business's rows, with all fields."""
        body = None if method in SAFE else self.examples.body(endpoint, method, self.own_id)
        return Call(endpoint, method, self.ids(endpoint, self.own), body)

    def calls(
        self, methods: Iterable[str] = WALKED_METHODS, leaving_out: Iterable[str] = OPEN
    ) -> Iterator[Call]:
        for endpoint in self.endpoints:
            for method in methods:
                if endpoint.path not in leaving_out and method in endpoint.allowed:
                    yield self.call(endpoint, method)

    def send(self, call: Call, secret: str | None, **headers: str) -> Any:
        headers = {"Authorization": f"Bearer {secret}", **headers} if secret else headers
        method = getattr(Http(headers=headers, raise_request_exception=False), call.method)
        url = ROOT + call.endpoint.path.format(**call.ids) + call.query
        response = (
            method(url)
            if call.method in SAFE
            else method(url, call.body, content_type="text/csv")
            if isinstance(call.body, str)
            else method(url, call.body or {}, content_type="application/json")
        )
        self.report(
            response.status_code >= 500, f"{call} {call.body or ''} returns {response.status_code}"
        )
        return response

    # checks of a response

    def report(self, is_fault: bool, sentence: str) -> None:
        if is_fault:
            self.faults.append(sentence[:1000])

    def check_traces(self, call: Call, text: str) -> None:
        traces = sorted(set(self.traces.findall(text)))
        self.report(bool(traces), f"{call} shows {traces[:3]}")

    def check_refused(
        self, call: Call, status: int, secrets: Iterable[str | None], reason: str
    ) -> None:
        """Check the status, and that nothing is written, not even for the Idempotency-Key."""
        for secret in secrets:
            response = self.send(call, secret, **{"Idempotency-Key": "once"})
            self.report(
                response.status_code != status, f"{call} returns {response.status_code} {reason}"
            )
        self.stored = self._check_unchanged(call, reason)

    def check_indistinguishable(
        self, call: Call, with_value: Callable[[Any], Call], other_id: Any
    ) -> None:
        """Check that the other's id and an unused id get the same response and change nothing."""
        texts = []
        for value in (other_id, unused_id_like(other_id)):
            with transaction.atomic():
                response = self.send(with_value(value), self.full_key)
                texts.append(text_of(response).replace(str(value), "ID"))
                self._check_unchanged(
                    call, "for another business's id" if value == other_id else "for an unused id"
                )
                transaction.set_rollback(True)
        self.report(
            texts[0] != texts[1],
            f"{call} responds otherwise to another business's id than to an unused id: "
            + " / ".join(texts),
        )
        self.check_traces(call, texts[0])

    def _check_unchanged(self, call: Call, reason: str) -> dict[str, str]:
        now = tables()
        self.report(
            now != self.stored,
            f"{call} writes {[name for name in now if now[name] != self.stored[name]]} {reason}",
        )
        return now
