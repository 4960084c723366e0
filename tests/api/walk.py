"""Walk every endpoint of the API as one business and look for traces of another.

Endpoints come from the URL configuration, so the walks find a new one by themselves.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from django.db import transaction
from django.utils import timezone

from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import AREAS, SCOPES, Client
from tests.api.endpoints import DEFAULTS, METHODS, SAFE, UNKNOWN_PATHS, Call, paths_to
from tests.api.tenancy_checks import OPEN, ROWS_BY_NAME, TenancyChecks, public_id, tables, text_of

FOR_EVERY_KEY = {"event-types", "trait-types", "own-key", UNKNOWN_PATHS}
"""Open to every key, with any scopes."""
WEBSITE_ONLY = {("post", "regular-pickup-requests")}
"""Calls for keys of the website only. The keys of the walk are of a point of sale."""
AREA_MISSING = (
    "{path} has no area: give its view one, or name the path in FOR_EVERY_KEY (tests/api/walk.py)"
)
GUESSED_FILTERS = ("business", "customer__business", "business__name", "search")
"""Filters that no list has, but that an attacker might try."""
CLIENT_IDS = {"stops/reports": "stop"}
"""Fields in which a client may send a new id, so that an unknown id creates a row.

tests/api/test_stop_reports.py tests that the id of another business's row is refused.
"""


class Walk(TenancyChecks):
    """Each method is one walk over all endpoints."""

    def without_a_key(self) -> None:
        """Call with no key, an unknown key and a revoked key; with no key, by every method."""
        key, revoked = ApiKey.issue(self.own.business, Client.POS, "Revoked")
        key.revoke(timezone.now())
        self.stored = tables()
        for endpoint in (endpoint for endpoint in self.endpoints if endpoint.path not in OPEN):
            for method in METHODS:
                secrets = (
                    (None, "smrt_pos_unknown", revoked) if method in endpoint.allowed else (None,)
                )
                self.check_refused(self.call(endpoint, method), 401, secrets, "without a key")

    def unknown_methods(self) -> None:
        for endpoint in (endpoint for endpoint in self.endpoints if endpoint.path not in OPEN):
            for method in METHODS:
                if method not in endpoint.allowed:
                    self.check_refused(
                        self.call(endpoint, method),
                        404 if endpoint.path == UNKNOWN_PATHS else 405,
                        (self.full_key,),
                        "to an unknown method",
                    )

    def without_the_scope(self) -> None:
        """Call with a key without scopes, and with a key that has all scopes except this one."""
        for call in self.calls(leaving_out=OPEN | FOR_EVERY_KEY):
            self.report(
                call.endpoint.area not in AREAS, AREA_MISSING.format(path=call.endpoint.path)
            )
            keys = [self.key(()), self.key(SCOPES - call.endpoint.scope(call.method))]
            self.check_refused(call, 403, keys, "without its scope")

    def own_rows(self) -> None:
        """Check that each call works with its scope, or fails only for the row's state (409).

        Otherwise the other walks would prove nothing: every call would be refused anyway.
        """
        for call in self.calls(leaving_out={*OPEN, UNKNOWN_PATHS}):
            secret = self.key(call.endpoint.scope(call.method) & SCOPES)
            with transaction.atomic():
                response = self.send(call, secret)
                transaction.set_rollback(True)
            expected = (
                {403}
                if (call.method, call.endpoint.path) in WEBSITE_ONLY
                else {200, 201, 202, 204, 409}
            )
            self.report(
                response.status_code not in expected,
                f"{call} {call.body or ''} returns {text_of(response)}",
            )
            self.report(
                '"results":[]' in text_of(response),
                f"{call} lists nothing: add a row to tests/admin/sample_business.py",
            )
            self.check_traces(call, text_of(response))

    def other_rows(self) -> None:
        """Try each id of the other business in the path, also beside its other ids."""
        for call in self.calls():
            other_ids = self.ids(call.endpoint, self.other)
            for name, value in other_ids.items():
                for ids in (call.ids, other_ids) if len(other_ids) > 1 else (call.ids,):
                    base = Call(call.endpoint, call.method, ids, call.body)
                    self.check_indistinguishable(call, partial(base.with_id, name), value)

    def filters(self) -> None:
        """Try the filters of the lists, and filters that an attacker might guess."""
        customer = self.other.customer
        words = [self.other.mark[:-1], f"{self.other.mark}-1", customer.email, customer.phone]
        for call in self.calls(("get",), OPEN | FOR_EVERY_KEY):
            queries = () if call.endpoint.names else self.examples.queries(call.endpoint)
            for name, is_id in queries:
                self._try_filter(call, name, is_id, words)
            for name in GUESSED_FILTERS:
                self._try_filter(call, name, name in ROWS_BY_NAME, words[:1])

    def _try_filter(self, call: Call, name: str, is_id: bool, words: list[str]) -> None:
        if is_id or name in ROWS_BY_NAME:
            self.check_indistinguishable(
                call,
                partial(call.with_filter, name),
                public_id(self.row(self.other, call.endpoint.path, name)),
            )
            return
        for word in words:
            filtered = call.with_filter(name, quote(word))
            text = text_of(self.send(filtered, self.full_key))
            self.check_traces(filtered, text.replace(word, "WORD"))

    def references(self) -> None:
        """Try an id of the other business at every place of a body that has an id."""
        ids = {self.own_id("", name) for name in ROWS_BY_NAME}
        for call in self.calls(set(METHODS) - SAFE):
            for path in paths_to(call.body, ids):
                name = next(part for part in reversed(path) if isinstance(part, str))
                if CLIENT_IDS.get(call.endpoint.path) == name:
                    continue
                self.check_indistinguishable(
                    call,
                    partial(call.with_reference, path),
                    public_id(self.row(self.other, call.endpoint.path, name)),
                )

    def names(self) -> None:
        """Try the other business's names and numbers.

        Each must be free here. Otherwise a client could find out which ones exist.
        """
        for call in self.calls(set(METHODS) - SAFE):
            for path in paths_to(call.body, {DEFAULTS["string"]({})}):
                name = (
                    f"{self.other.mark}-1" if path[-1] == "number" else f"{self.other.mark} thing"
                )
                statuses = {
                    self._rolled_back_status(call.with_reference(path, one))
                    for one in (name, name.replace(self.other.mark, "Nobody"))
                }
                self.report(
                    len(statuses) > 1, f"{call} reveals that another business has a “{name}”"
                )

    def _rolled_back_status(self, call: Call) -> int:
        with transaction.atomic():
            status: int = self.send(call, self.full_key).status_code
            transaction.set_rollback(True)
        return status


WALKS: tuple[Callable[[Walk], None], ...] = (
    Walk.without_a_key,
    Walk.without_the_scope,
    Walk.own_rows,
    Walk.other_rows,
    Walk.filters,
    Walk.references,
    Walk.names,
)
