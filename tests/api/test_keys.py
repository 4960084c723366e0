"""API keys: one per business and client, hashed, scoped and revocable, with their last use."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client as Http
from django.utils import timezone
from time_machine import TimeMachineFixture

from customers.models import Business, Customer
from smrt_integration.api import authentication
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.api.conftest import Caller, errors

pytestmark = pytest.mark.django_db


def test_the_secret_is_not_stored(business: Business) -> None:
    key, secret = ApiKey.issue(business, Client.POS, "Till 1")

    assert secret.startswith("smrt_pos_")
    assert secret not in str(vars(ApiKey.objects.get(pk=key.pk)))
    assert len(key.start) == 4


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer no-such-key", "Basic abc", "Bearer a b", "Bearer \u00e9"]
)
def test_without_a_valid_key_every_call_is_refused(customer: Customer, header: str | None) -> None:
    response = Http(headers={} if header is None else {"Authorization": header}).get(
        "/api/v1/customers"
    )

    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
    ((_, _, message),) = errors(response)
    assert "Bearer" in message or "key" in message or "credentials" in message


def test_a_revoked_key_is_refused_from_the_next_call_on(pos: Caller) -> None:
    assert pos.get("customers").status_code == 200

    pos.key.revoke(timezone.now())

    assert pos.get("customers").status_code == 401


def test_a_key_may_do_only_what_its_scopes_allow(app: Caller, customer: Customer) -> None:
    assert app.get("customers").status_code == 200

    response = app.post("customers", {"first_name": "Ann"})

    assert response.status_code == 403
    assert "customers:write" in errors(response)[0].message
    assert Customer.objects.count() == 1


ALLOWED = {
    Client.POS: ["customers", "orders", "stops", "pickups", "reference", "messages"],
    Client.APP: ["orders", "stops"],
    Client.WEBSITE: ["customers", "pickups"],
}
"""The areas that a new key of each client may write."""


@pytest.mark.parametrize("client", Client)
def test_a_new_key_has_the_scopes_that_its_client_needs(business: Business, client: Client) -> None:
    scopes = Caller(business, client).key.scopes
    assert sorted(scope for scope in scopes if scope.endswith(":write")) == sorted(
        f"{area}:write" for area in ALLOWED[client]
    )
    assert ("integration:read" in scopes) == ("messages:read" in scopes) == (client == Client.POS)


def test_a_client_reads_its_own_key(app: Caller, business: Business) -> None:
    key = app.get("own-key").json()
    assert (key["name"], key["client"], key["business"], key["scopes"]) == (
        "The app",
        "app",
        business.name,
        app.key.scopes,
    )
    assert app.secret not in app.get("own-key").content.decode()


def test_the_last_use_is_recorded_once_a_minute(pos: Caller) -> None:
    pos.get("customers")
    first = ApiKey.objects.get(pk=pos.key.pk).last_used_at
    pos.get("customers")
    assert first is not None
    assert ApiKey.objects.get(pk=pos.key.pk).last_used_at == first

    ApiKey.objects.filter(pk=pos.key.pk).update(last_used_at=first - timedelta(minutes=2))
    pos.get("customers")
    later = ApiKey.objects.get(pk=pos.key.pk).last_used_at
    assert later is not None
    assert later > first


def test_too_many_calls_get_a_429_with_retry_after(
    pos: Caller, app: Caller, settings: LazySettings
) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    responses = [pos.get("customers") for _ in range(4)]

    # A minute may begin in between. Then the fourth call is one of the first three of the next.
    if responses[-1].status_code == 200:
        responses = [pos.get("customers") for _ in range(4)]
    assert [response.status_code for response in responses][-1] == 429
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 60
    assert app.get("customers").status_code == 200


def test_without_redis_nobody_is_throttled(pos: Caller, settings: LazySettings) -> None:
    settings.API_CALLS_PER_MINUTE, settings.REDIS_URL = 1, "redis://127.0.0.1:1/0"

    assert [pos.get("customers").status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    "headers",
    [
        {"REMOTE_ADDR": "2001:db8:1:2::9"},
        {"REMOTE_ADDR": "2001:db8:1:3::9"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
    ],
)
def test_a_key_has_one_count_wherever_it_is_used(
    pos: Caller, settings: LazySettings, time_machine: TimeMachineFixture, headers: dict[str, Any]
) -> None:
    settings.API_CALLS_PER_MINUTE = 1
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    time_machine.move_to(timezone.now(), tick=False)

    client = Http(headers={"Authorization": f"Bearer {pos.secret}"})

    assert client.get("/api/v1/customers", REMOTE_ADDR="2001:db8:1:2::1").status_code == 200
    assert client.get("/api/v1/customers", **headers).status_code == 429


def test_many_unknown_keys_from_one_address_are_put_off_and_good_keys_are_not(
    pos: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authentication, "UNKNOWN_KEYS_PER_WINDOW", 2)

    def guess(network: int) -> Any:
        http = Http(headers={"Authorization": "Bearer smrt_pos_guess"})
        return http.get("/api/v1/orders", REMOTE_ADDR=f"2001:db8:1:{network}::1")

    assert [guess(1).status_code for _ in range(3)] == [401, 401, 429]
    refused = guess(1)
    assert 0 < int(refused.headers["Retry-After"]) <= 600
    assert "unknown or were revoked" in errors(refused)[0].message
    assert guess(2).status_code == 401
    assert (
        Http(headers={"Authorization": f"Bearer {pos.secret}"})
        .get("/api/v1/orders", REMOTE_ADDR="2001:db8:1:1::1")
        .status_code
        == 200
    )
