"""A client that sends the ETag of what it read undoes nobody's change."""

import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from customers.models import Customer
from events.models import Integration
from smrt_integration.api.scopes import SCOPES
from tests.api.conftest import Caller, errors
from tests.factories import AgentFactory, OrderFactory, PickupRequestFactory, StopFactory

CHANGED = (
    "changed_meanwhile",
    None,
    (
        "The record has changed since you read it. Read it again, and repeat the call with its new "
        "ETag if it still makes sense."
    ),
)


@pytest.mark.django_db
def test_a_change_by_anyone_makes_the_etag_old(pos: Caller, customer: Customer) -> None:
    path = f"customers/{customer.uuid}"
    read = pos.get(path)
    assert pos.get(path).headers["ETag"] == read.headers["ETag"]
    Customer.objects.filter(pk=customer.pk).update(receive_texts=False)

    refused = pos("patch", path, {"first_name": "Bo"}, If_Match=read.headers["ETag"])

    present = pos.get(path)
    assert (refused.status_code, errors(refused)) == (412, [CHANGED])
    assert refused.headers["ETag"] == present.headers["ETag"] != read.headers["ETag"]
    assert present.json()["first_name"] == read.json()["first_name"]
    done = pos("patch", path, {"first_name": "Bo"}, If_Match=present.headers["ETag"])
    assert (done.status_code, done.headers["ETag"]) == (200, pos.get(path).headers["ETag"])


@pytest.mark.django_db
def test_every_record_has_an_etag_that_its_calls_take(pos: Caller, customer: Customer) -> None:
    records = {
        f"orders/{OrderFactory.create(customer=customer).uuid}": "ready",
        f"stops/{StopFactory.create(customer=customer).uuid}": "miss",
        f"pickup-requests/{PickupRequestFactory.create(customer=customer).uuid}": "cancel",
    }
    for path, action in records.items():
        etag = pos.get(path).headers["ETag"]
        done = pos.post(f"{path}/{action}", If_Match=etag)
        assert (done.status_code, done.headers["ETag"]) == (200, pos.get(path).headers["ETag"])
        assert errors(pos.post(f"{path}/{action}", If_Match=etag)) == [CHANGED], path
    agent = f"agents/{AgentFactory.create(business=customer.business).uuid}"
    etag = pos.get(agent).headers["ETag"]
    done = pos("patch", agent, {"name": "New"}, If_Match=etag)
    assert (done.status_code, done.headers["ETag"]) == (200, pos.get(agent).headers["ETag"])
    assert pos("patch", agent, {"name": "Old"}, If_Match=etag).status_code == 412
    assert pos.get("integration").headers["ETag"]
    assert pos.get("own-key").headers["ETag"]


@pytest.mark.django_db
def test_if_match_as_in_rfc_9110(pos: Caller, customer: Customer) -> None:
    path = f"customers/{customer.uuid}"
    etag = pos.get(path).headers["ETag"]
    expected = {
        "*": 200,
        etag: 200,
        f'"other", {etag}': 200,
        f'W/"a,b" ,, {etag},': 200,
        f"W/{etag}": 412,
        '"other"': 412,
        "other": 400,
        etag.strip('"'): 400,
        f"{etag} {etag}": 400,
        "": 400,
    }
    for header, status in expected.items():
        response = pos("patch", path, {}, If_Match=header)
        assert response.status_code == status, header
    for many in ("agents", "orders", "stops/reports", "send-log-entries/send-again"):
        owner = Caller(customer.business, "pos", sorted(SCOPES))
        assert owner.post(many, If_Match="*").status_code == 412, many


@pytest.mark.django_db
def test_what_the_client_has_is_not_sent_again(pos: Caller, customer: Customer) -> None:
    path = f"customers/{customer.uuid}"
    etag = pos.get(path).headers["ETag"]

    for header in (etag, f"W/{etag}", "*", f'"a", {etag}'):
        response = pos("get", path, If_None_Match=header)
        assert (response.status_code, response.content) == (304, b""), header
        assert response.headers["ETag"] == etag
    assert pos("get", path, If_None_Match='"other"').status_code == 200


@pytest.mark.django_db
def test_a_repetition_gets_its_response_though_the_etag_is_old(
    pos: Caller, customer: Customer
) -> None:
    path = f"customers/{customer.uuid}"
    headers = {"If_Match": pos.get(path).headers["ETag"], "Idempotency_Key": "rename"}

    first, second = (pos("patch", path, {"first_name": "Bo"}, **headers) for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert (first.content, first.headers["ETag"]) == (second.content, second.headers["ETag"])


@pytest.mark.django_db(transaction=True)
def test_of_ten_calls_with_one_etag_one_wins(pos: Caller, customer: Customer) -> None:
    path = f"customers/{customer.uuid}"
    etag, start = pos.get(path).headers["ETag"], Barrier(10)

    def call(n: int) -> int:
        try:
            start.wait()
            status: int = pos("patch", path, {"first_name": f"Bo {n}"}, If_Match=etag).status_code
            return status
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as threads:
        assert sorted(threads.map(call, range(10))) == [200, *[412] * 9]


@pytest.mark.django_db
def test_the_schema_says_which_responses_have_an_etag(
    pos: Caller, customer: Customer, integration: Integration
) -> None:
    paths = described()
    order = OrderFactory.create(customer=customer)
    ids = {"orders": order.uuid, "customers": customer.uuid}
    read = [
        path.format(uuid=ids.get(path.split("/")[3]))
        for path, operations in paths.items()
        if "304" in operations.get("get", {"responses": {}})["responses"]
        and ("{" not in path or path.split("/")[3] in ids)
    ]
    assert {"/api/v1/own-key", "/api/v1/trait-types", f"/api/v1/orders/{order.uuid}"} < {*read}
    for path in read:
        response = pos.get(path.removeprefix("/api/v1/"))
        known = {"If_None_Match": response.headers["ETag"]}
        again = pos("get", path.removeprefix("/api/v1/"), **known)
        assert (response.status_code, again.status_code) == (200, 304), path

    item = {"department": None, "description": "Shirt", "quantity": 1, "price": "3.50"}
    added = pos.post(f"orders/{order.uuid}/items", {"items": [item, item]})
    removed = pos("delete", f"orders/{order.uuid}/items/{added.json()['items'][0]['id']}")
    deletion = paths["/api/v1/orders/{uuid}/items/{item}"]["delete"]["responses"]
    assert "204" not in deletion
    for response in (added, removed):
        assert "ETag" in response.headers
    assert "ETag" in deletion[str(removed.status_code)]["headers"]


def described() -> dict[str, Any]:
    """Return the paths of the OpenAPI schema."""
    schema = StringIO()
    call_command("spectacular", "--format", "openapi-json", stdout=schema)
    paths: dict[str, Any] = json.loads(schema.getvalue())["paths"]
    return paths
