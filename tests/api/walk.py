"""Walking the API as one of the cast: every endpoint, found and not listed, and what should not be in the answer or the database."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any
from urllib.parse import quote
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
from smrt_integration.api.scopes import AREAS, SCOPES, Client
from tests.admin.sample_business import SampleBusiness
from tests.api.endpoints import (
    METHODS,
    NOWHERE,
    PLAIN,
    ROOT,
    SAFE,
    Call,
    Endpoint,
    Shapes,
    endpoints,
    places,
)

OPEN = {"schema", "docs"}
"""For everybody, also without a key: how the API is called, which says nothing of anybody."""
FOR_EVERY_KEY = {"event-types", "trait-types", "own-key", NOWHERE}
"""For every key, whatever its scopes: what Segment can be told, what the key is, and that there is nothing at an address."""
WHOSE: Mapping[str, Any] = {
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
"""Which rows an id stands for, by its name in a body, a query or an address."""
OF_THE_WEBSITE = {("post", "regular-pickup-requests")}
"""What only a website's key may do, whatever its scopes: this cast has keys of tills."""
SAY_WHOSE = "{path}: say in WHOSE (tests/api/walk.py) which rows “{name}” stands for. Then the cast walks it."
SAY_FOR_WHOM = (
    "{path} has no area: give its view one, or name the path in FOR_EVERY_KEY (tests/api/walk.py)"
)
STAGE = "Put a row of {model} on the stage (tests/admin/sample_business.py)."
TRIED = ("business", "customer__business", "business__name", "search")
"""What no list can be narrowed by, but somebody might try."""
MADE_UP = {"stops/reports": "stop"}
"""Where a caller may make up an id, so that something is made by one that nobody has. A test of its own (tests/api/test_stop_reports.py) says
that another's is refused as one that is impossible."""
ASKED = tuple(method for method in METHODS if method != "head")
"""HEAD is answered by what answers GET."""
NOBODY = UUID("00000000-0000-4000-8000-00000000beef")


def tables() -> dict[str, str]:
    """Of each table of ours a digest of its rows, to see whether anything was written."""
    with connection.cursor() as cursor:
        cursor.execute(_digests())
        return dict(cursor.fetchall())


@cache
def _digests() -> str:
    with connection.cursor() as cursor:
        ours = [
            name
            for name in connection.introspection.table_names(cursor)
            if re.match("(customers|events|smrt_integration)_", name)
        ]
    return " UNION ALL ".join(
        f"SELECT '{name}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM \"{name}\" AS t"
        for name in ours
    )


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.status_code} {answer.headers} {content.decode()}"


def public(row: Any) -> Any:
    """By what callers know a row."""
    return row.uuid if hasattr(row, "uuid") else row.message_id


def nobodys(value: Any) -> Any:
    """An id of this kind that nothing has."""
    return NOBODY if isinstance(value, UUID) else NOBODY.hex


@dataclass
class Walk:
    """With keys of `mine` and not of `theirs`. `wrong` is what was found."""

    mine: SampleBusiness
    theirs: SampleBusiness
    urlconf: Any
    wrong: list[str] = field(default_factory=list)
    secrets: dict[frozenset[str], str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.shapes = Shapes(self.urlconf)
        (api,) = (pattern for pattern in self.urlconf.urlpatterns if f"/{pattern.pattern}" == ROOT)
        self.endpoints = list(endpoints(api.url_patterns))
        self.master = self.key(SCOPES)
        rows = [row for rows in self.theirs.everything().values() for row in rows]
        known_by = {
            str(value)
            for row in rows
            for name, value in row.items()
            if isinstance(value, UUID) or name == "message_id"
        }
        self.telling = re.compile(
            "|".join([self.theirs.mark, self.theirs.numbers, *known_by]), re.IGNORECASE
        )

    # what is sent

    def key(self, scopes: Iterable[str]) -> str:
        """One that may do this and nothing else. It has just been used, so that no call notes its use."""
        wanted = frozenset(scopes)
        if wanted not in self.secrets:
            made, self.secrets[wanted] = ApiKey.issue(
                self.mine.business, Client.POS, f"{self.mine.mark} key", list(wanted)
            )
            ApiKey.objects.filter(pk=made.pk).update(last_used_at=timezone.now())
            self.stored = tables()
        return self.secrets[wanted]

    def row(self, stage: SampleBusiness, path: str, name: str) -> Any:
        if name not in WHOSE:
            raise LookupError(SAY_WHOSE.format(path=path, name=name))
        wanted = WHOSE[name].all()
        found = stage.rows(wanted.model).filter(pk__in=wanted.values("pk")).first()
        assert found is not None, STAGE.format(model=wanted.model.__name__)
        return found

    def own(self, path: str, name: str) -> str:
        return str(public(self.row(self.mine, path, name)))

    def ids(self, endpoint: Endpoint, stage: SampleBusiness) -> dict[str, Any]:
        """For the path: of the view's own row, and of those that other names in it stand for."""
        view, found = endpoint.view, {}
        for name in endpoint.names:
            if (
                name
                == (getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None))
                and view.queryset is not None
            ):
                row = stage.rows(view.queryset.model).first()
                assert row is not None, STAGE.format(model=view.queryset.model.__name__)
                found[name] = getattr(row, view.lookup_field)
            else:
                found[name] = public(self.row(stage, endpoint.path, name))
        return found

    def call(self, endpoint: Endpoint, method: str) -> Call:
        """About one's own rows, with all that may be given."""
        body = None if method in SAFE else self.shapes.body(endpoint, method, self.own)
        return Call(endpoint, method, self.ids(endpoint, self.mine), body)

    def calls(
        self, methods: Iterable[str] = ASKED, leaving_out: Iterable[str] = OPEN
    ) -> Iterator[Call]:
        for endpoint in self.endpoints:
            for method in methods:
                if endpoint.path not in leaving_out and method in endpoint.allowed:
                    yield self.call(endpoint, method)

    def ask(self, call: Call, secret: str | None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {secret}", **headers} if secret else headers
        send = getattr(Http(headers=sent, raise_request_exception=False), call.method)
        address = ROOT + call.endpoint.path.format(**call.ids) + call.query
        answer = (
            send(address)
            if call.method in SAFE
            else send(address, call.body or {}, content_type="application/json")
        )
        self.note(
            answer.status_code >= 500, f"{call} {call.body or ''} answers {answer.status_code}"
        )
        return answer

    # what is wrong about the answer

    def note(self, is_wrong: bool, what: str) -> None:
        if is_wrong:
            self.wrong.append(what[:1000])

    def look(self, call: Call, text: str) -> None:
        found = sorted(set(self.telling.findall(text)))
        self.note(bool(found), f"{call} shows {found[:3]}")

    def refused(self, call: Call, status: int, secrets: Iterable[str | None], why: str) -> None:
        """Whatever is asked: nothing is written, not even that the answer was given."""
        for secret in secrets:
            answer = self.ask(call, secret, **{"Idempotency-Key": "once"})
            self.note(answer.status_code != status, f"{call} answers {answer.status_code} {why}")
        self.stored = self._unchanged(call, why)

    def compare(self, call: Call, asked: Callable[[Any], Call], theirs: Any) -> None:
        """`asked` with what is theirs, and then with what is nobody's: nobody may tell them apart, nor change anything by it."""
        answers = []
        for one in (theirs, nobodys(theirs)):
            with transaction.atomic():
                answers.append(text_of(self.ask(asked(one), self.master)).replace(str(one), "ID"))
                self._unchanged(call, "for another's id" if one == theirs else "for nobody's id")
                transaction.set_rollback(True)
        self.note(
            answers[0] != answers[1],
            f"{call} answers otherwise for another's id than for none: {' / '.join(answers)}",
        )
        self.look(call, answers[0])

    def _unchanged(self, call: Call, why: str) -> dict[str, str]:
        now = tables()
        self.note(
            now != self.stored,
            f"{call} writes {[name for name in now if now[name] != self.stored[name]]} {why}",
        )
        return now

    # the ways

    def without_a_key(self) -> None:
        """With none, an unknown one and a revoked one; without one, also by methods that there are not."""
        made, revoked = ApiKey.issue(self.mine.business, Client.POS, "Revoked")
        made.revoke(timezone.now())
        self.stored = tables()
        for endpoint in (one for one in self.endpoints if one.path not in OPEN):
            for method in METHODS:
                secrets = (
                    (None, "smrt_pos_unknown", revoked) if method in endpoint.allowed else (None,)
                )
                self.refused(self.call(endpoint, method), 401, secrets, "without a key")

    def methods_that_there_are_not(self) -> None:
        for endpoint in (one for one in self.endpoints if one.path not in OPEN):
            for method in METHODS:
                if method not in endpoint.allowed:
                    status = 404 if endpoint.path == NOWHERE else 405
                    self.refused(
                        self.call(endpoint, method),
                        status,
                        (self.master,),
                        "to a method that there is not",
                    )

    def without_the_scope(self) -> None:
        """With a key without scopes, and with one that has all but this."""
        for call in self.calls(leaving_out=OPEN | FOR_EVERY_KEY):
            self.note(call.endpoint.area not in AREAS, SAY_FOR_WHOM.format(path=call.endpoint.path))
            keys = [self.key(()), self.key(SCOPES - call.endpoint.scope(call.method))]
            self.refused(call, 403, keys, "without its scope")

    def own_rows(self) -> None:
        """All of it works with the one scope that it needs (409: but for the state that the row is in). Else that the same call is refused
        when it is about another's row would say nothing."""
        for call in self.calls(leaving_out={*OPEN, NOWHERE}):
            secret = self.key(call.endpoint.scope(call.method) & SCOPES)
            with transaction.atomic():
                answer = self.ask(call, secret)
                transaction.set_rollback(True)
            expected = (
                {403}
                if (call.method, call.endpoint.path) in OF_THE_WEBSITE
                else {200, 201, 202, 204, 409}
            )
            self.note(
                answer.status_code not in expected,
                f"{call} {call.body or ''} answers {text_of(answer)}",
            )
            self.note(
                '"results":[]' in text_of(answer),
                f"{call} lists nothing: put a row on the stage (tests/admin/sample_business.py)",
            )
            self.look(call, text_of(answer))

    def others_rows(self) -> None:
        """Each id in an address in turn, beside one's own and beside theirs."""
        for call in self.calls():
            theirs = self.ids(call.endpoint, self.theirs)
            for name, value in theirs.items():
                for ids in (call.ids, theirs) if len(theirs) > 1 else (call.ids,):
                    self.compare(
                        call,
                        partial(Call(call.endpoint, call.method, ids, call.body).with_id, name),
                        value,
                    )

    def filters(self) -> None:
        """What lists can be narrowed by, and what somebody might try."""
        customer = self.theirs.customer
        words = [self.theirs.mark[:-1], f"{self.theirs.mark}-1", customer.email, customer.phone]
        for call in self.calls(("get",), OPEN | FOR_EVERY_KEY):
            queries = () if call.endpoint.names else self.shapes.queries(call.endpoint)
            for name, is_id in queries:
                self._narrowed(call, name, is_id, words)
            for name in TRIED:
                self._narrowed(call, name, name in WHOSE, words[:1])

    def _narrowed(self, call: Call, name: str, is_id: bool, words: list[str]) -> None:
        if is_id or name in WHOSE:
            self.compare(
                call,
                partial(call.narrowed, name),
                public(self.row(self.theirs, call.endpoint.path, name)),
            )
            return
        for word in words:
            asked = call.narrowed(name, quote(word))
            self.look(asked, text_of(self.ask(asked, self.master)).replace(word, "WORD"))

    def references(self) -> None:
        """Wherever in a body an id stands."""
        ids = {self.own("", name) for name in WHOSE}
        for call in self.calls(set(METHODS) - SAFE):
            for way in places(call.body, ids):
                name = next(part for part in reversed(way) if isinstance(part, str))
                if MADE_UP.get(call.endpoint.path) == name:
                    continue
                self.compare(
                    call,
                    partial(call.referring, way),
                    public(self.row(self.theirs, call.endpoint.path, name)),
                )

    def words(self) -> None:
        """What is called alike elsewhere is in nobody's way: else trying names would tell which there are."""
        for call in self.calls(set(METHODS) - SAFE):
            for way in places(call.body, {PLAIN["string"]({})}):
                word = (
                    f"{self.theirs.mark}-1" if way[-1] == "number" else f"{self.theirs.mark} thing"
                )
                statuses = {
                    self._tried(call.referring(way, one))
                    for one in (word, word.replace(self.theirs.mark, "Nobody"))
                }
                self.note(len(statuses) > 1, f"{call} tells that elsewhere there is a “{word}”")

    def _tried(self, call: Call) -> int:
        with transaction.atomic():
            status: int = self.ask(call, self.master).status_code
            transaction.set_rollback(True)
        return status


WAYS: tuple[Callable[[Walk], None], ...] = (
    *(
        Walk.without_a_key,
        Walk.without_the_scope,
        Walk.own_rows,
        Walk.others_rows,
        Walk.filters,
        Walk.references,
        Walk.words,
    ),
)
