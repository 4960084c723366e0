"""The send log as a CSV file: exactly the listed messages, without formulas, of any length."""

import csv
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from customers.models import Business, Customer
from events.models import Integration, Outcome
from smrt_integration.exports import write_parts
from smrt_integration.exports.models import Export
from tests.admin.conftest import logged_in
from tests.events.log_entries import create_log_entry
from tests.factories import BrandFactory, CustomerFactory

pytestmark = pytest.mark.django_db
EXPORT = "/admin/events/sendlog/export/"
MORNING = datetime(2025, 3, 4, 15, 30, tzinfo=UTC)


@pytest.fixture
def office(owner: User, integration: Integration) -> Client:
    return logged_in(owner)


def download(client: Client, **chosen: Any) -> Any:
    """Export, let a worker write the file, and download it from the page that comes after."""
    page = client.post(f"{EXPORT}?{urlencode(chosen)}")
    write_parts.write_exports()
    (address,) = re.findall(
        r'href="([^"]+/download/)"', client.get(page["Location"]).content.decode()
    )
    return client.get(address)


def exported(client: Client, **chosen: Any) -> list[dict[str, str]]:
    content = b"".join(download(client, **chosen).streaming_content)
    return list(csv.DictReader(content.decode("utf-8-sig").splitlines()))


def test_says_of_each_message_what_the_list_says(office: Client, business: Business) -> None:
    customer = CustomerFactory.create(
        business=business,
        brand=BrandFactory.create(business=business, name="Green"),
        first_name="Zoë",
    )
    entry = create_log_entry(customer, at=MORNING)
    assert exported(office) == [
        {
            "Happened": "2025-03-04 07:28:00",
            "Event": "Customer Visit",
            "Customer": "Zoë Example",
            "Email": customer.email,
            "Brand": "Green",
            "Outcome": "Refused",
            "Reason": "Segment refused this message (it answered 400).",
            "Outcome known": "2025-03-04 07:30:00",
            "Sent": "2025-03-04 07:30:00",
            "Attempts": "1",
            "Message id": entry.message_id,
            "Business": business.name,
            "Time zone": "America/Los_Angeles",
        }
    ]


def test_is_a_file_that_spreadsheets_open(
    office: Client, business: Business, customer: Customer
) -> None:
    Business.objects.filter(pk=business.pk).update(name="Zoë's Cleaners & Co")
    response = download(office)
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith(
        'attachment; filename="send-log-zoes-cleaners-co-'
    )
    assert b"".join(response.streaming_content).startswith(b"\xef\xbb\xbfHappened,Event,")


def test_holds_what_the_filter_means(office: Client, customer: Customer) -> None:
    wanted = create_log_entry(customer, "Order Ready")
    create_log_entry(customer)
    assert [row["Message id"] for row in exported(office, event="Order Ready")] == [
        wanted.message_id
    ]
    assert [row["Message id"] for row in exported(office, q=wanted.message_id)] == [
        wanted.message_id
    ]
    assert exported(office, q="nobody") == []


def test_holds_nothing_of_another_business(
    office: Client, customer: Customer, other_business: Business
) -> None:
    theirs = create_log_entry(CustomerFactory.create(business=other_business))
    ours = create_log_entry(customer)
    assert [row["Message id"] for row in exported(office)] == [ours.message_id]
    assert exported(office, business=other_business.pk, q=theirs.message_id) == []


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.com")']
)
def test_makes_no_formula_of_what_customers_call_themselves(
    office: Client, business: Business, name: str
) -> None:
    create_log_entry(CustomerFactory.create(business=business, first_name=name, last_name=""))
    (row,) = exported(office)
    assert row["Customer"] == f"'{name}".rstrip()


def test_is_fetched_in_chunks_and_leaves_nothing_out(
    office: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_parts, "EXPORT_CHUNK_SIZE", 3)
    rows = [
        create_log_entry(customer, outcome=Outcome.ACCEPTED, at=MORNING + timedelta(hours=n // 2))
        for n in range(10)
    ]
    rows.sort(key=lambda row: (row.settled_at, row.pk), reverse=True)
    assert [row["Message id"] for row in exported(office)] == [row.message_id for row in rows]


def test_is_written_in_short_transactions_and_without_what_is_logged_meanwhile(
    office: Client, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_parts, "EXPORT_CHUNK_SIZE", 2)
    monkeypatch.setattr(write_parts, "PART_SECONDS", 0.0)
    for n in range(5):
        create_log_entry(customer, at=MORNING + timedelta(hours=n))
    office.post(EXPORT)
    create_log_entry(customer, at=MORNING - timedelta(days=1))
    with CaptureQueriesContext(connection) as asked:
        write_parts.write_exports()
    assert all("DECLARE" not in query["sql"] for query in asked)
    export = Export.objects.get()
    assert (len(export.parts), export.rows) == (3, 5)


def test_is_refused_to_strangers(db: None) -> None:
    response: Any = Client().get(EXPORT)
    assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
        302,
        "/admin/login/",
    )
