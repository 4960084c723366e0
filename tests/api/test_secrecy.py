"""What a client gets tells nothing about the size of the platform or about other businesses."""

import base64
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from pytest_django.fixtures import Settings

from customers.models import Business, Customer
from tests.api.conftest import Caller, business, customer, integration, other, other_business, pos
from tests.factories import (
    CustomerFactory,
    CustomFieldValueFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

__all__ = ["business", "customer", "integration", "other", "other_business", "pos"]

pytestmark = pytest.mark.django_db
LISTS = ["customers", "orders", "stops", "pickup-requests", "waiting-messages", "send-log-entries"]
FAR = 7_654_321
"""As if the platform had millions of rows: a number that stands in no answer by chance."""


@pytest.fixture
def records(business: Business) -> None:
    customers = [
        CustomerFactory.create(business=business, pk=FAR + number, first_name="Ann")
        for number in range(3)
    ]
    for number, each in enumerate(customers):
        OrderFactory.create(customer=each, pk=FAR + number)
        StopFactory.create(customer=each, pk=FAR + number)
        PickupRequestFactory.create(customer=each, pk=FAR + number)
    CustomFieldValueFactory.create(customer=customers[0], pk=FAR)


def cursor_of(page: Any) -> str:
    cursor: str = parse_qs(urlsplit(page["next"]).query)["cursor"][0]
    return cursor


@pytest.mark.parametrize("path", LISTS[:-1])
def test_a_cursor_is_opaque(pos: Caller, records: None, integration: object, path: str) -> None:
    CustomerFactory.create_batch(3, business=pos.key.business)
    page = pos.get(path, limit=1).json()
    raw = base64.urlsafe_b64decode(cursor_of(page))
    for text in (json.dumps(page), raw.decode("latin-1")):
        assert not re.search(rf"{FAR // 10}\d", text)
    assert b"smrt" not in raw
    assert b"[" + b'"+"' not in raw
    following = pos.get(path, limit=1, cursor=cursor_of(page)).json()
    assert following["results"]
    assert following["results"] != page["results"]


def test_a_cursor_is_for_one_list_one_filter_and_one_business(
    pos: Caller, other: Caller, records: None
) -> None:
    cursor = cursor_of(pos.get("customers", limit=1, name="ann").json())
    assert pos.get("customers", limit=2, name="ann", cursor=cursor).status_code == 200
    for response in (
        pos.get("customers", limit=1, cursor=cursor),
        pos.get("customers", limit=1, name="an", cursor=cursor),
        pos.get("orders", limit=1, cursor=cursor),
        other.get("customers", limit=1, name="ann", cursor=cursor),
    ):
        assert response.status_code == 404


def test_cursors_outlive_a_new_secret(pos: Caller, records: None, settings: Settings) -> None:
    cursor = cursor_of(pos.get("customers", limit=1).json())
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert pos.get("customers", limit=1, cursor=cursor).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert pos.get("customers", limit=1, cursor=cursor).status_code == 404


def test_no_record_s_name_tells_its_row(records: None, business: Business) -> None:
    Customer.objects.update(first_name="", last_name="", email="", phone="", company_name="")
    for model in apps.get_app_config("customers").get_models():
        for record in model._default_manager.all():
            assert not re.search(rf"{FAR // 10}\d", str(record)), model
    nameless = Customer.objects.filter(business=business)[0]
    assert str(nameless) == "Customer without a name"
    nameless.phone = "+14156015610"
    assert str(nameless) == "(415) 601 5610"
