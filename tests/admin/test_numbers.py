"""Numbers in the forms of the admin follow the rules of the API."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from customers.models import Business, CustomField, Discount
from events.models import Integration
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY

pytestmark = pytest.mark.django_db

WRITTEN_WRONGLY = ["1_0", "\u0661\u0660", "\uff11\uff10", "1,000", "1e400000000", "NaN", "2.555"]


def add(owner: User, model: str, **values: Any) -> Any:
    return logged_in(owner).post(reverse(f"admin:customers_{model}_add"), values)


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


@pytest.mark.parametrize(
    ("written", "stored"), [("18.990000000000002", "18.99"), (" 18.9900 ", "18.99"), ("-0.0", "0")]
)
def test_a_discount_is_taken_as_it_was_meant(
    owner: User, business: Business, written: str, stored: str
) -> None:
    add(owner, "discount", business=business.pk, name="Loyal", kind="AMOUNT", value=written)
    assert f"{Discount.objects.get().value:f}".removesuffix(".00") == stored


@pytest.mark.parametrize("written", WRITTEN_WRONGLY)
def test_a_discount_that_is_written_wrongly_is_refused(
    owner: User, business: Business, written: str
) -> None:
    response = add(
        owner, "discount", business=business.pk, name="Loyal", kind="AMOUNT", value=written
    )
    assert list(errors(response)) == ["value"]
    assert not Discount.objects.exists()


def test_the_sentence_says_how_to_write_it(owner: User, business: Business) -> None:
    values = {"business": business.pk, "name": "Loyal", "kind": "AMOUNT"}
    assert errors(add(owner, "discount", **values, value="1_0"))["value"] == [
        "Enter a number. Write it with the digits 0 to 9 and a decimal point, such as 1234.5."
    ]
    assert errors(add(owner, "discount", **values, value="18.994"))["value"] == [
        "The value may have at most 2 decimals: round 18.994, for example to 18.99."
    ]
    Business.objects.update(currency="JPY")
    assert errors(add(owner, "discount", **values, value="18.5"))["value"] == [
        "The value must be a multiple of 1 JPY: round 18.5, for example to 19."
    ]


@pytest.mark.parametrize("written", WRITTEN_WRONGLY)
def test_a_position_and_days_are_whole_numbers(
    owner: User, business: Business, written: str
) -> None:
    integration = Integration.objects.create(business=business, write_key=WRITE_KEY)
    response = add(
        owner, "customfield", business=business.pk, name="Pets", kind="TEXT", position=written
    )
    assert list(errors(response)) == ["position"]
    assert not CustomField.objects.exists()

    url = reverse("admin:events_integration_change", args=[business.pk])
    response = logged_in(owner).post(url, {"weekly_limit": written, "region": "us"})
    assert "weekly_limit" in errors(response)
    assert Integration.objects.get().weekly_limit == integration.weekly_limit
