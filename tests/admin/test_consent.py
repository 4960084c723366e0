"""An employee turns on what the customer turned off only with the customer's consent."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from customers.models import Consent, Customer
from tests.admin.conftest import business, customer, integration, logged_in, owner
from tests.admin.test_merged_changes import opened, page, send

__all__ = ["business", "customer", "integration", "owner"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(owner: User) -> Client:
    return logged_in(owner)


@pytest.fixture
def opted_out(customer: Customer) -> Customer:
    customer.save(update_fields=customer.choose("receive_texts", False))
    return customer


def said(customer: Customer, **changes: Any) -> dict[str, Any]:
    now = timezone.now().astimezone(ZoneInfo(customer.business.time_zone))
    return {
        "receive_texts": "on",
        "consent_given_by": "Ann Example",
        "consent_given_at_0": f"{now:%m/%d/%Y}",
        "consent_given_at_1": f"{now:%H:%M:%S}",
        "consent_how": "Asked at the counter",
    } | changes


def test_the_page_asks_only_where_it_is_needed(office: Client, customer: Customer) -> None:
    assert "consent_how" not in opened(office, customer)
    customer.save(update_fields=customer.choose("receive_emails", False))
    assert "consent_how" in opened(office, customer)
    assert b"opted out of emails" in office.get(page(customer)).content.lower()


def test_without_consent_nothing_is_saved(office: Client, opted_out: Customer) -> None:
    form = opened(office, opted_out)
    response = send(office, opted_out, form, receive_texts="on", first_name="Bea")
    text = response.content.decode()
    assert "say below who asked for it, when and how" in text
    assert text.count("Enter this, or leave off what the customer turned off.") == 3
    assert (opted_out.receive_texts, opted_out.first_name == "Bea") == (False, False)


def test_with_consent_it_is_on_and_the_consent_is_shown(
    office: Client, opted_out: Customer, owner: User
) -> None:
    form = opened(office, opted_out)
    response = send(office, opted_out, form, **said(opted_out))
    assert response.status_code == 302, response.content.decode()
    assert (opted_out.receive_texts, opted_out.opted_out) == (True, [])
    kept = Consent.objects.get()
    assert (kept.choices, kept.given_by, kept.how, kept.recorded_by) == (
        ["receive_texts"],
        "Ann Example",
        "Asked at the counter",
        owner.username,
    )
    shown = office.get(page(opted_out)).content.decode()
    assert "Ann Example wants texts (Asked at the counter). Recorded by olivia." in shown
    assert "consent_how" not in opened(office, opted_out)


def test_consent_from_before_counts_not(office: Client, opted_out: Customer) -> None:
    Customer.objects.update(texts_opted_out_at=timezone.now() - timedelta(days=1))
    before = f"{timezone.now() - timedelta(days=3):%Y-%m-%d}"
    response = send(
        office, opted_out, opened(office, opted_out), **said(opted_out, consent_given_at_0=before)
    )
    assert "The customer turned this off after that time." in response.content.decode()
    assert opted_out.receive_texts is False


def test_a_page_from_before_the_stop_turns_nothing_on(office: Client, customer: Customer) -> None:
    form = opened(office, customer)
    customer.save(update_fields=customer.choose("receive_texts", False))
    assert send(office, customer, form, first_name="Bea").status_code == 302
    assert (customer.first_name, customer.opted_out) == ("Bea", ["receive_texts"])


def test_other_changes_need_no_consent(office: Client, opted_out: Customer) -> None:
    form = opened(office, opted_out)
    assert send(office, opted_out, form, first_name="Bea").status_code == 302
    assert (opted_out.first_name, opted_out.opted_out) == ("Bea", ["receive_texts"])
