"""What a customer turned off is turned on only knowingly: with consent, or with If-Match."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Consent, Customer
from tests.api.conftest import Caller, business, customer, errors, fields, pos
from tests.customers.contention import wait_for_waiting

__all__ = ["business", "customer", "pos"]

pytestmark = pytest.mark.django_db


def opt_out(customer: Customer, choice: str = "receive_texts") -> None:
    customer.refresh_from_db()
    customer.save(update_fields=customer.choose(choice, False))


def path_of(customer: Customer) -> str:
    return f"customers/{customer.uuid}"


def said(**changes: Any) -> dict[str, Any]:
    return {
        "given_by": "Ann Example",
        "given_at": timezone.now().isoformat(),
        "how": "Asked at the counter",
    } | changes


@pytest.mark.parametrize("choice", ["receive_texts", "receive_emails"])
class TestTurnedOffByTheCustomer:
    def test_is_refused_without_consent(self, pos: Caller, customer: Customer, choice: str) -> None:
        opt_out(customer, choice)
        refused = pos.patch(path_of(customer), {choice: True, "first_name": "Bea"})
        assert refused.status_code == 409
        assert [(e.code, e.field) for e in errors(refused)] == [("opted_out_by_customer", choice)]
        assert "Retry-After" not in refused.headers
        customer.refresh_from_db()
        assert (getattr(customer, choice), customer.first_name == "Bea") == (False, False)

    def test_is_taken_with_if_match(self, pos: Caller, customer: Customer, choice: str) -> None:
        old = pos.get(path_of(customer)).headers["ETag"]
        opt_out(customer, choice)
        assert pos("patch", path_of(customer), {choice: True}, If_Match=old).status_code == 412
        etag = pos.get(path_of(customer)).headers["ETag"]
        assert pos("patch", path_of(customer), {choice: True}, If_Match=etag).json()[choice] is True
        customer.refresh_from_db()
        assert (customer.opted_out, customer.emails_opted_out_at, customer.texts_opted_out_at) == (
            [],
            None,
            None,
        )

    def test_is_taken_with_consent_which_is_kept(
        self, pos: Caller, customer: Customer, choice: str
    ) -> None:
        opt_out(customer, choice)
        consent = said()
        changed = pos.patch(path_of(customer), {choice: True, "consent": consent})
        assert changed.status_code == 200, changed.content
        shown = changed.json()["consent"]
        assert (shown["choices"], shown["given_by"], shown["how"]) == (
            [choice],
            "Ann Example",
            "Asked at the counter",
        )
        kept = Consent.objects.get()
        assert kept.given_at.isoformat() == consent["given_at"]
        assert kept.recorded_by.startswith("API key ")

        # Afterwards it is as if the customer had never turned it off.
        assert pos.patch(path_of(customer), {choice: False}).status_code == 200
        assert pos.patch(path_of(customer), {choice: True}).status_code == 200
        assert pos.get(path_of(customer)).json()["consent"] == shown

    def test_consent_from_before_counts_not(
        self, pos: Caller, customer: Customer, choice: str
    ) -> None:
        opt_out(customer, choice)
        earlier = said(given_at=(timezone.now() - timedelta(hours=1)).isoformat())
        refused = pos.patch(path_of(customer), {choice: True, "consent": earlier})
        assert [(e.code, e.field) for e in errors(refused)] == [
            ("time_out_of_order", "consent.given_at")
        ]
        assert not Consent.objects.exists()
        customer.refresh_from_db()
        assert customer.opted_out == [choice]

    def test_the_record_can_be_sent_back_as_it_was_read(
        self, pos: Caller, customer: Customer, choice: str
    ) -> None:
        opt_out(customer, choice)
        record = pos.get(path_of(customer)).json()
        assert record[choice.replace("receive_", "") + "_opted_out_at"]
        assert pos.patch(path_of(customer), record).status_code == 200
        pos.patch(path_of(customer), {choice: True, "consent": said()})
        record = pos.get(path_of(customer)).json()
        assert pos.patch(path_of(customer), record).status_code == 200
        # An old consent turns nothing on again.
        opt_out(customer, choice)
        assert pos.patch(path_of(customer), {**record}).status_code in {400, 409}
        customer.refresh_from_db()
        assert customer.opted_out == [choice]


def test_what_an_employee_turned_off_needs_no_consent(pos: Caller, customer: Customer) -> None:
    assert pos.patch(path_of(customer), {"receive_texts": False}).status_code == 200
    assert pos.patch(path_of(customer), {"receive_texts": True}).status_code == 200


def test_an_employee_s_off_after_the_customer_s_on_is_the_employee_s(
    pos: Caller, customer: Customer
) -> None:
    opt_out(customer)
    customer.save(update_fields=customer.choose("receive_texts", True))
    pos.patch(path_of(customer), {"receive_texts": False})
    customer.refresh_from_db()
    assert customer.opted_out == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"consent": said()}, "consent"),
        ({"receive_texts": False, "consent": said()}, "consent"),
        ({"receive_texts": True, "consent": {}}, "consent.given_by"),
        ({"receive_texts": True, "consent": said(how="")}, "consent.how"),
        ({"receive_texts": True, "consent": said(how="x" * 301)}, "consent.how"),
        ({"receive_texts": True, "consent": said(given_by="\ud800")}, "consent.given_by"),
        ({"receive_texts": True, "consent": said(given_at="yesterday")}, "consent.given_at"),
        ({"receive_texts": True, "consent": said(given_at="2090-01-01T00:00:00Z")},
         "consent.given_at"),
        ({"receive_texts": True, "consent": said(by="Ann")}, "consent.by"),
        ({"receive_texts": True, "consent": "yes"}, "consent"),
        ({"texts_opted_out_at": None}, "texts_opted_out_at"),
    ],
)  # fmt: skip
def test_an_incomplete_consent_changes_nothing(
    pos: Caller, customer: Customer, body: dict[str, Any], field: str
) -> None:
    opt_out(customer)
    refused = pos.patch(path_of(customer), body)
    assert refused.status_code == 400, refused.content
    assert field in fields(refused)
    customer.refresh_from_db()
    assert customer.opted_out == ["receive_texts"]
    assert not Consent.objects.exists()


def test_no_consent_is_none(pos: Caller, customer: Customer) -> None:
    opt_out(customer)
    body = {"receive_texts": True, "consent": None}
    assert pos.patch(path_of(customer), body).status_code == 409


def test_a_consent_for_texts_is_none_for_emails(pos: Caller, customer: Customer) -> None:
    opt_out(customer, "receive_texts")
    opt_out(customer, "receive_emails")
    both = {"receive_texts": True, "receive_emails": True}
    assert pos.patch(path_of(customer), both).status_code == 409
    texts = pos.patch(path_of(customer), {"receive_texts": True, "consent": said()})
    assert texts.json()["consent"]["choices"] == ["receive_texts"]
    assert pos.patch(path_of(customer), both).status_code == 409
    customer.refresh_from_db()
    assert customer.opted_out == ["receive_emails"]


def test_a_new_customer_s_consent_is_kept(pos: Caller) -> None:
    created = pos.post("customers", {"first_name": "Ann", "receive_texts": True, "consent": said()})
    assert created.status_code == 201, created.content
    assert created.json()["consent"]["choices"] == ["receive_texts"]


@pytest.mark.django_db(transaction=True)
def test_a_stop_during_the_call_counts(pos: Caller, customer: Customer) -> None:
    """The call waits for the STOP that is being saved, and then sees it."""
    Customer.objects.filter(pk=customer.pk).update(receive_texts=False)
    responses: list[Any] = []

    def call() -> None:
        responses.append(pos.patch(path_of(customer), {"receive_texts": True}))
        connection.close()

    with transaction.atomic():
        customer.lock()
        customer.save(update_fields=customer.choose("receive_texts", False))
        caller = Thread(target=call)
        caller.start()
        wait_for_waiting(1)
    caller.join()
    assert responses[0].status_code == 409
    customer.refresh_from_db()
    assert customer.receive_texts is False
