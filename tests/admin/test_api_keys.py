"""The pages about API keys: create for a client, show once, rename, revoke, never delete."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client as Http
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import TimeMachineFixture

from customers.models import Business, Membership
from smrt_integration.admin.keys.descriptions import scope_labels, scope_summary
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import DEFAULT_SCOPES, SCOPES, Client
from tests.admin.conftest import logged_in
from tests.admin.forms import form_values
from tests.factories import ApiKeyFactory, MembershipFactory

pytestmark = pytest.mark.django_db

LIST = reverse("admin:smrt_integration_apikey_changelist")
ADD = reverse("admin:smrt_integration_apikey_add")
NOW = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)
"""13:30 in Los Angeles, where the business is."""


def page(key: ApiKey, name: str = "change") -> str:
    return reverse(f"admin:smrt_integration_apikey_{name}", args=[key.pk])


def text(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def filled_in(http: Http, client: str = "pos", **values: Any) -> dict[str, Any]:
    """Return the values of the form, with a name."""
    return (
        form_values(text(http.get(f"{ADD}?client={client}")), "apikey_form")
        | {"name": "Till 1"}
        | values
    )


def secret_on(response: Any) -> str:
    return text(response).partition('translate="no">')[2].partition("</textarea>")[0]


@pytest.fixture
def http(owner: User) -> Http:
    return logged_in(owner)


@pytest.fixture
def key(business: Business) -> ApiKey:
    key: ApiKey = ApiKeyFactory.create(business=business, name="Till 1")
    return key


class TestCreating:
    def test_begins_with_what_each_client_is_for(self, http: Http) -> None:
        told = text(http.get(ADD))

        assert [told.count(f'href="?client={client}"') for client in Client] == [1, 1, 1]
        assert told.count("have the source “POS”") == 2
        assert told.count("have the source “Website”") == 1
        assert (told.count("scheduled by “Employee”"), told.count("scheduled by “Customer”")) == (
            2,
            1,
        )

    @pytest.mark.parametrize("client", Client)
    def test_ticks_what_such_a_client_needs(self, http: Http, client: Client) -> None:
        assert set(filled_in(http, client)["scopes"]) == DEFAULT_SCOPES[client]

    def test_shows_a_key_that_opens_the_api_at_once(self, http: Http, business: Business) -> None:
        answer = http.post(
            f"{ADD}?client=app", filled_in(http, "app", scopes=["orders:read", "stops:write"])
        )

        key = ApiKey.objects.get()
        assert (answer.status_code, key.business, key.client, key.name) == (
            200,
            business,
            Client.APP,
            "Till 1",
        )
        assert key.scopes == ["orders:read", "stops:write"]
        called = Http(headers={"Authorization": f"Bearer {secret_on(answer)}"})
        assert called.get("/api/v1/orders").status_code == 200
        assert called.get("/api/v1/stops").status_code == 403

    def test_keeps_the_key_nowhere_and_never_shows_it_again(
        self, http: Http, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("DEBUG"):
            answer = http.post(f"{ADD}?client=pos", filled_in(http))
        secret, key = secret_on(answer), ApiKey.objects.get()
        later = [
            http.get(address)
            for address in (
                LIST,
                page(key),
                page(key, "history"),
                page(key, "revoke"),
                ADD,
                reverse("admin:index"),
            )
        ]

        assert secret.startswith(key.prefix)
        assert "no-store" in answer.headers["Cache-Control"]
        address = answer.wsgi_request.get_full_path()
        assert secret not in f"{answer.headers} {answer.cookies} {address} {caplog.text}"
        assert secret not in " ".join(str(message) for message in get_messages(answer.wsgi_request))
        assert [secret in text(one) or key.hash in text(one) for one in later] == [False] * len(
            later
        )
        assert secret not in str([session.get_decoded() for session in Session.objects.all()])
        assert tables_with(secret) == []
        assert tables_with(key.start) == ["smrt_integration_apikey"]

    def test_creates_one_key_however_often_the_form_is_sent(self, http: Http) -> None:
        """Reloading the page that shows the key sends it again."""
        form = filled_in(http)
        secret = secret_on(http.post(f"{ADD}?client=pos", form))

        again = http.post(f"{ADD}?client=pos", form, follow=True)

        assert ApiKey.objects.count() == LogEntry.objects.count() == 1
        assert again.redirect_chain == [(LIST, 302)]
        assert "This key was created already, and we cannot show it again." in text(again)
        assert secret not in text(again)

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            ({"name": " "}, "Give the key a name."),
            ({"name": "x" * 101}, "at most 100 characters"),
            ({"scopes": []}, "Tick at least one thing"),
            (
                {"scopes": ["customers:read", "everything"]},
                "everything is not one of the available choices",
            ),
            (
                {"once": "00000000-0000-4000-8000-000000000000"},
                "This form is out of date.",
            ),
            ({"business": "999999"}, "That choice is not one of the available choices."),
        ],
    )
    def test_creates_none_when_something_is_wrong(
        self, http: Http, wrong: dict[str, Any], told: str
    ) -> None:
        answer = http.post(f"{ADD}?client=pos", filled_in(http) | wrong)

        assert told in text(answer)
        assert not ApiKey.objects.exists()
        assert secret_on(answer) == ""

    def test_creates_none_for_an_unknown_client(self, http: Http) -> None:
        answer = http.post(f"{ADD}?client=fax", filled_in(http))

        assert "Which program will use the key?" in text(answer)
        assert not ApiKey.objects.exists()

    def test_offers_the_businesses_that_one_owns(
        self, owner: User, business: Business, other_business: Business, support: User
    ) -> None:
        MembershipFactory.create(user=owner, business=other_business, role=Membership.Role.HELPER)
        http = logged_in(owner)

        refused = http.post(f"{ADD}?client=pos", filled_in(http, business=other_business.pk))
        made = http.post(f"{ADD}?client=pos", filled_in(http, business=business.pk))
        by_support = logged_in(support).post(
            f"{ADD}?client=pos", filled_in(logged_in(support), business=other_business.pk)
        )

        assert "That choice is not one of the available choices." in text(refused)
        assert [secret_on(answer)[:9] for answer in (made, by_support)] == ["smrt_pos_"] * 2
        assert list(ApiKey.objects.order_by("pk").values_list("business", flat=True)) == [
            business.pk,
            other_business.pk,
        ]


def tables_with(words: str) -> list[str]:
    """Return the tables that hold the text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" AS t WHERE position(%s in t::text) > 0)',
                [words],
            )
            found += [table] if cursor.fetchone() == (True,) else []
    return found


class TestTheList:
    def test_describes_each_key_in_words(
        self, http: Http, business: Business, time_machine: TimeMachineFixture
    ) -> None:
        time_machine.move_to(NOW, tick=False)
        app, _ = ApiKey.issue(business, Client.APP, "Dan's phone")
        till, _ = ApiKey.issue(business, Client.POS, "Till 1", sorted(SCOPES))
        ApiKey.objects.filter(pk=till.pk).update(last_used_at=NOW - timedelta(days=1, minutes=20))
        app.revoke(NOW)

        rows = text(http.get(LIST)).split("<tbody")[1:]

        first, second = (" ".join(row.split()) for row in rows)
        for told in (
            "Till 1",
            "Point of sale",
            f"smrt_pos_{till.start}…",
            "Everything",
            "yesterday 1:10 PM",
            "In use",
        ):
            assert told in first, told
        for told in (
            "Dan&#x27;s phone",
            "Delivery app",
            f"smrt_app_{app.start}…",
            "changes orders and stops",
            "never",
            "Revoked at 1:30 PM",
        ):
            assert told in second, told

    def test_finds_a_key_by_what_it_begins_with(
        self, http: Http, business: Business, key: ApiKey
    ) -> None:
        ApiKeyFactory.create(business=business)

        found = http.get(LIST, {"q": key.start}).context["cl"].result_list

        assert list(found) == [key]

    def test_does_not_grow_in_queries_with_its_keys(
        self, http: Http, business: Business, key: ApiKey
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                http.get(LIST)
            return len(captured)

        few = queries()
        ApiKeyFactory.create_batch(5, business=business)

        assert queries() == few


class TestAKey:
    def test_can_be_renamed_and_nothing_else(
        self, http: Http, key: ApiKey, other_business: Business
    ) -> None:
        sent = {
            "name": "Till 2",
            "scopes": ["customers:read"],
            "client": "website",
            "business": other_business.pk,
            "revoked_at_0": "",
        }

        assert http.post(page(key), sent).status_code == 302

        stored = ApiKey.objects.get()
        assert (stored.name, stored.scopes, stored.client, stored.business) == (
            "Till 2",
            key.scopes,
            key.client,
            key.business,
        )
        assert stored.hash == key.hash

    def test_stays_revoked_when_it_is_renamed_at_the_same_moment(
        self, http: Http, key: ApiKey
    ) -> None:
        with CaptureQueriesContext(connection) as captured:
            http.post(page(key), {"name": "Till 2"})

        (update,) = [
            query["sql"]
            for query in captured
            if query["sql"].startswith('UPDATE "smrt_integration_apikey"')
        ]
        assert "revoked_at" not in update
        assert "scopes" not in update

    def test_is_not_revoked_by_looking_at_what_that_stops(self, http: Http, key: ApiKey) -> None:
        told = text(http.get(page(key, "revoke")))

        assert f"smrt_pos_{key.start}…" in told
        assert [
            words for words in scope_labels(key.scopes) if words.replace("'", "&#x27;") not in told
        ] == []
        assert "Last used: never." in told
        assert ApiKey.objects.get().revoked_at is None

    def test_is_refused_once_it_is_revoked_and_stays_on_record(
        self, http: Http, business: Business
    ) -> None:
        key, secret = ApiKey.issue(business, Client.POS, "Till 1")
        called = Http(headers={"Authorization": f"Bearer {secret}"})
        assert called.get("/api/v1/customers").status_code == 200

        first, second = (http.post(page(key, "revoke"), follow=True) for _ in range(2))

        assert called.get("/api/v1/customers").status_code == 401
        assert "Till 1 is revoked. Nobody can use it any more." in text(first)
        assert "Till 1 was already revoked." in text(second)
        assert "Till 1" in text(http.get(LIST))
        assert http.post(page(key), {"name": "Renamed"}).status_code == 403
        assert http.post(page(key, "delete"), {"post": "yes"}).status_code == 403
        assert ApiKey.objects.get().name == "Till 1"
        assert page(key, "revoke") not in text(http.get(page(key)))

    def test_has_an_audit_trail_of_who_created_and_who_revoked_it(
        self, http: Http, owner: User, support: User
    ) -> None:
        secret = secret_on(
            http.post(
                f"{ADD}?client=website",
                filled_in(http, "website", name="Our site", scopes=["orders:read"]),
            )
        )
        key = ApiKey.objects.get()

        logged_in(support).post(page(key, "revoke"))

        told = list(
            LogEntry.objects.order_by("pk").values_list("user", "object_repr", "change_message")
        )
        assert told == [
            (owner.pk, "Our site (Website)", "Created, to Read orders."),
            (support.pk, "Our site (Website)", "Revoked."),
        ]
        history = text(http.get(page(key, "history")))
        assert ("Revoked." in history, "support" in history, secret in history) == (
            True,
            True,
            False,
        )


class TestAHelper:
    def test_may_look_but_neither_create_nor_revoke(self, helper: User, key: ApiKey) -> None:
        http = logged_in(helper)

        listed, one = text(http.get(LIST)), text(http.get(page(key)))

        assert (key.name in listed, ADD in listed) == (True, False)
        assert (key.name in one, page(key, "revoke") in one, 'name="name"' in one) == (
            True,
            False,
            False,
        )
        asked = [
            http.get(ADD),
            http.post(f"{ADD}?client=pos", {}),
            http.get(page(key, "revoke")),
            http.post(page(key, "revoke")),
        ]
        assert [answer.status_code for answer in asked] == [403] * 4
        assert ApiKey.objects.get().revoked_at is None


def test_the_summary_of_what_a_key_may_do() -> None:
    assert scope_summary(SCOPES) == "Everything"
    assert scope_summary([]) == "Nothing"
    assert scope_summary(["orders:read"]) == "Reads orders"
    assert (
        scope_summary(DEFAULT_SCOPES[Client.WEBSITE])
        == "Reads customers, orders, pickups and store data; changes customers and pickups"
    )
