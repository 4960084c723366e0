"""The demo's API keys, and the one that `make run` prints."""

import pytest
from django.test import Client as Http
from django.utils import timezone
from pytest_django import Settings

from customers.models import Customer
from devtools.demo.api_keys import KEY_NAMES, create_keys, secret
from devtools.demo.businesses import BUSINESSES
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import DEFAULT_SCOPES, Client
from tests.factories import BusinessFactory, CustomerFactory

US, EU, OFF = BUSINESSES
pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    for demo in BUSINESSES:
        BusinessFactory.create(name=demo.name)
    return CustomerFactory.create(business=US.find())


def get(key: str) -> int:
    return Http(headers={"Authorization": f"Bearer {key}"}).get("/api/v1/customers").status_code


def test_each_client_of_each_business_has_a_key_that_works(customer: Customer) -> None:
    (sentence,) = create_keys()
    assert sentence.startswith(
        "Call the API as a till of Golden Gate Cleaners with the key smrt_pos_"
    )
    rows = (
        Http(headers={"Authorization": f"Bearer {sentence.split()[-1]}"})
        .get("/api/v1/customers")
        .json()["results"]
    )
    assert [one["id"] for one in rows] == [str(customer.uuid)]
    for demo in BUSINESSES:
        keys = {
            key.client: key
            for key in ApiKey.objects.filter(business=demo.find(), name__in=KEY_NAMES.values())
        }
        assert {client: set(key.scopes) for client, key in keys.items()} == DEFAULT_SCOPES
        assert [get(secret(demo, client)) for client in Client] == [200] * 3
        assert all(
            secret(demo, Client(client)).startswith(f"smrt_{client}_{key.start}")
            for client, key in keys.items()
        )


def test_keys_stay_the_same_and_only_their_hashes_are_stored(customer: Customer) -> None:
    before = create_keys(), list(ApiKey.objects.order_by("pk").values_list())
    assert (create_keys(), list(ApiKey.objects.order_by("pk").values_list())) == before
    secrets = [secret(demo, client) for demo in BUSINESSES for client in Client]
    assert len(set(secrets)) == 9
    assert [one for one in secrets if one in str(before[1])] == []


def test_a_revoked_key_stays_revoked_and_is_not_printed(customer: Customer) -> None:
    (sentence,) = create_keys()
    ApiKey.objects.get(name="For trying out").revoke(timezone.now())
    assert create_keys() == [
        (
            "Call the API as a till of Golden Gate Cleaners "
            "with the key that you created: this one was revoked."
        )
    ]
    assert get(sentence.split()[-1]) == 401


def test_each_installation_has_keys_of_its_own(settings: Settings) -> None:
    ours = secret(US, Client.POS)
    settings.SECRET_KEY = "another installation's"
    assert secret(US, Client.POS) != ours
    assert create_keys() == []
