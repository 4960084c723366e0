"""No input causes an error of ours, whether it comes from a browser or another program."""

from urllib.parse import urlencode

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Business, Customer
from tests.account.conftest import Visitor, link_to
from tests.factories import PickupRequestFactory

pytestmark = pytest.mark.django_db

ODD = (
    *(
        "",
        "\0",
        "a\0b",
        "x" * 20_000,
        "1e999",
        "nan",
        "9" * 400,
        "\u202e\ud7ff\uffff",
        "\U0001f455" * 200,
    ),
    *("2026-02-30", "0001-01-01", "9999-12-31", "+", "a@b", "\r\n\r\nx"),
)
FORMS = ("pickups/new", "regular", "details", "messages")


def fields_of(visitor: Visitor, path: str) -> dict[str, str]:
    page = visitor.open(path)
    form = page.form(with_field="csrfmiddlewaretoken" if path.startswith("/join/") else "account")
    return {name: value for name, value in form.items() if name != "action"}


def failures(
    http: Client, path: str, fields: dict[str, str], odd: tuple[str, ...] = ODD
) -> list[tuple[str, str, int]]:
    """Send odd values in each field in turn, hidden initial values included.

    Returns the requests that failed, with their status.
    """
    failed = []
    for name in fields:
        for value in odd:
            status = http.post(path, fields | {name: value}).status_code
            failed += [(name, value[:20], status)] if status >= 500 else []
    return failed


@pytest.mark.parametrize("path", FORMS)
def test_odd_values_in_the_account_s_forms_cause_no_error(visitor: Visitor, path: str) -> None:
    address = f"/account/{path}"
    assert failures(visitor.http, address, fields_of(visitor, address)) == []


def test_odd_values_in_the_sign_up_form_cause_no_error(
    stranger: Visitor, business: Business
) -> None:
    address = f"/join/{business.uuid}"
    fields = fields_of(stranger, address) | {"first_name": "Bea", "email": "bea@example.com"}
    assert failures(stranger.http, address, fields) == []


@pytest.mark.parametrize(
    ("sent", "code"),
    [("A%EF%BF%BE", "unstorable"), ("A%ED%A0%80", "damaged"), ("A%FF", "damaged")],
)
def test_text_that_cannot_be_kept_is_an_error_at_its_field(
    visitor: Visitor, customer: Customer, sent: str, code: str
) -> None:
    fields = fields_of(visitor, "/account/details")
    fields.pop("first_name")
    body = f"{urlencode(fields)}&first_name={sent}"

    response = visitor.http.post(
        "/account/details", body, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 200
    form = response.context["form"]
    assert {field: [e.code for e in errors.as_data()] for field, errors in form.errors.items()} == {
        "first_name": [code]
    }
    before = customer.first_name
    customer.refresh_from_db()
    assert customer.first_name == before


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.dictionaries(
        st.sampled_from(["first_name", "email", "phone", "street", "postal_code"]),
        st.text(max_size=400),
    )
)
def test_random_text_in_the_details_causes_no_error(
    visitor: Visitor, customer: Customer, values: dict[str, str]
) -> None:
    fields = fields_of(visitor, "/account/details")
    assert visitor.http.post("/account/details", fields | values).status_code in {200, 302}


@pytest.mark.parametrize(
    "body", [b"\xff\xfe=%FF&account=%FF%00", b"%", b"a=1&" * 2_000, b"x" * 3_000_000]
)
@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-16",
        "multipart/form-data; boundary=x",
        "x",
    ],
)
def test_a_body_that_is_not_a_form_causes_no_error(
    visitor: Visitor, business: Business, customer: Customer, body: bytes, kind: str
) -> None:
    visitor.open("/account/details")
    headers = {"X-CSRFToken": visitor.http.cookies["csrftoken"].value}
    pickup = PickupRequestFactory.create(customer=customer)
    for path in (
        f"/join/{business.uuid}",
        "/account/details",
        f"/account/pickups/{pickup.uuid}/cancel",
        "/account/leave",
    ):
        assert (
            visitor.http.generic("POST", path, body, content_type=kind, headers=headers).status_code
            < 500
        )
    pickup.refresh_from_db()
    assert pickup.status == "scheduled"


@pytest.mark.parametrize(
    "query",
    [
        "?page=%FF",
        "?page=%00",
        "?brand=%00",
        "?brand=%FF%FE",
        "?" + "x=1&" * 3_000,
        "?page=1&page=2",
        "?%",
    ],
)
def test_odd_query_strings_cause_no_error(visitor: Visitor, business: Business, query: str) -> None:
    for path in ("", "orders", "pickups/new"):
        assert visitor.http.get(f"/account/{path}{query}").status_code in {200, 400}
    assert visitor.http.get(f"/join/{business.uuid}{query}").status_code in {200, 400}


@pytest.mark.parametrize(
    "value", ["", "\0", "x" * 5_000, "W10:1abc:sig", ":::", "\u00e9", "e30:1tKxyz:" + "A" * 43]
)
@pytest.mark.parametrize("name", ["account", "account_notice", "csrftoken"])
def test_odd_cookies_cause_no_error(customer: Customer, name: str, value: str) -> None:
    http = Client()
    http.get(link_to(customer))
    http.cookies[name] = value
    assert http.get("/account/").status_code in {200, 404}
