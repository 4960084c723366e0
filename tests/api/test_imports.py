"""Imports by the API: a file as the body, its progress, and what its calls refuse."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Http

from customers.models import Business
from smrt_integration.imports.create_import import MAX_OPEN_IMPORTS
from smrt_integration.imports.models import CustomerImport, import_storage
from tests.api.conftest import Caller, errors
from tests.factories import CustomerImportFactory, ImportLineFactory

pytestmark = pytest.mark.django_db
CSV = b"Customer No.,First Name,Notes\n7,Ann,nice\n"
NDJSON = b'{"external_id": 7, "first_name": "Ann"}\n'
State = CustomerImport.State


def upload(
    caller: Caller,
    body: bytes = CSV,
    content_type: str = "text/csv",
    query: dict[str, str] | None = None,
    **headers: str,
) -> Any:
    headers |= {"Authorization": f"Bearer {caller.secret}"}
    path = f"/api/v1/imports?{urlencode(query or {})}"
    return Http(headers=headers).post(path, body, content_type=content_type)


def kept_files() -> int:
    storage = import_storage()
    return len(storage.listdir("")[1]) if storage.exists("") else 0


def test_a_file_is_kept_and_its_import_started(pos: Caller) -> None:
    response = upload(pos)

    created = response.json()
    assert response.status_code == 201
    assert (created["state"], created["kind"], created["dry_run"]) == ("waiting", "csv", False)
    assert created["columns"] == {
        "Customer No.": "external_id",
        "First Name": "first_name",
        "Notes": "",
    }
    assert pos.get(f"imports/{created['id']}").json() == created
    kept = CustomerImport.objects.get()
    assert kept.business == pos.key.business
    with kept.open_file() as file:
        assert file.read() == CSV


def test_json_lines_a_dry_run_and_chosen_columns(pos: Caller) -> None:
    dry_run = upload(pos, NDJSON, "application/x-ndjson; charset=utf-8", {"dry_run": "true"}).json()
    assert (dry_run["kind"], dry_run["dry_run"]) == ("ndjson", True)

    columns = {"Notes": "external_id", "Customer No.": ""}
    chosen = upload(pos, query={"columns": json.dumps(columns)}).json()
    assert chosen["columns"] == {"Customer No.": "", "First Name": "", "Notes": "external_id"}


@pytest.mark.parametrize(
    ("body", "query", "error"),
    [
        (b"", {}, ("empty", None)),
        (b"\n", {}, ("empty", None)),
        (b"PK\x03\x04rest", {}, ("not_text", None)),
        (b"id,,x\n", {}, ("heading_missing", None)),
        (b"id,Phone,phone\n", {}, ("heading_twice", None)),
        (b"Name\nAnn\n", {}, ("external_id_missing", "columns")),
        (CSV, {"dry_run": "yes"}, ("invalid", "dry_run")),
        (CSV, {"columns": "[1]"}, ("invalid", "columns")),
        (CSV, {"columns": '{"Nr": "external_id"}'}, ("unknown_heading", "columns")),
        (CSV, {"columns": '{"Notes": "moon"}'}, ("unknown_field", "columns")),
        (CSV, {"column": "{}"}, ("unknown_filter", "column")),
    ],
)
def test_what_cannot_be_imported_is_refused_and_not_kept(
    pos: Caller, body: bytes, query: dict[str, str], error: tuple[str, str | None]
) -> None:
    before = kept_files()

    response = upload(pos, body, query=query)

    assert [(each.code, each.field) for each in errors(response)] == [error]
    assert (response.status_code, kept_files()) == (400, before)
    assert not CustomerImport.objects.exists()


def test_who_may_not_import_sends_nothing_that_is_kept(pos: Caller, business: Business) -> None:
    before = kept_files()
    reader = Caller(business, scopes=["customers:read"])
    assert upload(reader).status_code == 403
    assert Http().post("/api/v1/imports", CSV, content_type="text/csv").status_code == 401
    assert upload(pos, b"{}", "application/json").status_code == 415
    assert upload(pos, If_Match="*").status_code == 412
    assert kept_files() == before


def test_a_business_has_few_open_imports(pos: Caller, business: Business) -> None:
    CustomerImportFactory.create_batch(MAX_OPEN_IMPORTS, business=business)
    before = kept_files()

    response = upload(pos)

    assert (response.status_code, errors(response)[0].code) == (409, "too_many_imports")
    assert kept_files() == before


def test_a_repetition_with_the_same_key_imports_once(pos: Caller) -> None:
    before = kept_files()
    first = upload(pos, Idempotency_Key="one")
    again = upload(pos, Idempotency_Key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    for other in (
        upload(pos, CSV + b"8,Bob,\n", Idempotency_Key="one"),
        upload(pos, query={"dry_run": "true"}, Idempotency_Key="one"),
    ):
        assert (other.status_code, errors(other)[0].code) == (400, "key_reused")
    assert (CustomerImport.objects.count(), kept_files()) == (1, before + 1)
    # A refused file is not remembered, so that it can be corrected.
    assert upload(pos, b"Name\n", Idempotency_Key="two").status_code == 400
    assert upload(pos, Idempotency_Key="two").status_code == 201


def test_an_import_is_paused_resumed_and_canceled(pos: Caller) -> None:
    path = f"imports/{upload(pos).json()['id']}"
    for call, state in (("pause", "paused"), ("resume", "waiting"), ("cancel", "canceled")):
        assert pos.post(f"{path}/{call}").json()["state"] == state
    refused = pos.post(f"{path}/pause")
    assert (refused.status_code, errors(refused)[0].code) == (409, "wrong_state")
    assert pos.get(path).json()["state"] == "canceled"


def test_refused_lines_are_a_file(pos: Caller, business: Business) -> None:
    kept = CustomerImportFactory.create(business=business)
    ImportLineFactory.create(customer_import=kept, number=3, raw="=1+1,Ada")

    response = pos.get(f"imports/{kept.uuid}/refused")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeffLine number,Why it was refused,id,first name")
    assert content.endswith("3,There is no external ID.,'=1+1,Ada\r\n")
    accepted = pos("get", f"imports/{kept.uuid}/refused", {}, Accept="text/csv")
    assert accepted.status_code == 200


def test_another_business_s_import_is_not_found(pos: Caller) -> None:
    theirs = CustomerImportFactory.create()
    for method, path in (
        ("get", ""),
        ("get", "/refused"),
        ("post", "/pause"),
        ("post", "/resume"),
        ("post", "/cancel"),
    ):
        assert pos(method, f"imports/{theirs.uuid}{path}").status_code == 404
    theirs.refresh_from_db()
    assert theirs.state == State.COLUMNS
