"""Text that cannot be stored, in the admin's forms, searches and filters."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Business, Customer
from tests.admin.conftest import logged_in

pytestmark = pytest.mark.django_db

NAMES = ("q", "name", "status__exact", "business__id__exact", "search", "p", "o", "x%00")


@pytest.mark.parametrize("odd", ["a%00b", "%ED%A0%80"])
def test_a_search_or_filter_is_no_server_error(support: User, business: Business, odd: str) -> None:
    client = logged_in(support)
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        query = "&".join(f"{name}={odd}" for name in NAMES)
        assert client.get(f"{path}?{query}", follow=True).status_code < 500, path


def test_the_rest_of_the_query_stays(support: User, business: Business) -> None:
    path = reverse("admin:customers_customer_changelist")
    response = logged_in(support).get(f"{path}?kind__exact=PERSON&email=a%00b")
    assert (response.status_code, response["Location"]) == (302, f"{path}?kind__exact=PERSON")


def test_a_form_that_is_sent_to_an_odd_address_is_no_server_error(
    support: User, business: Business
) -> None:
    client = logged_in(support)
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        response = client.post(f"{path}?name=a%00b", {"action": "delete_selected"})
        assert response.status_code < 500, path


@pytest.mark.parametrize("odd", ["a\0b", "\ufffe"])
def test_a_login_with_an_odd_name_or_password_fails(owner: User, odd: str) -> None:
    for values in (
        {"username": odd, "password": "x"},
        {"username": owner.username, "password": odd},
        {"username": "x", "password": "x", "next": odd},
    ):
        response = Client().post(reverse("admin:login"), values)
        assert response.status_code == 200
        assert "_auth_user_id" not in response.wsgi_request.session


def add_customer(owner: User, **values: Any) -> Any:
    """Post the form with bytes as they are, which a browser would never send so."""
    fields = {"kind": "INDIVIDUAL", "payment_term": "POS", **values}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    return logged_in(owner).post(
        reverse("admin:customers_customer_add"),
        body,
        content_type="application/x-www-form-urlencoded",
    )


@pytest.mark.parametrize("odd", ["A%00", "A%EF%BF%BE", "A%EF%B7%90"])
def test_a_form_names_the_field(owner: User, business: Business, odd: str) -> None:
    response = add_customer(owner, business=business.pk, first_name=odd)
    assert response.status_code == 200
    assert "first_name" in response.context["adminform"].form.errors
    assert not Customer.objects.exists()
