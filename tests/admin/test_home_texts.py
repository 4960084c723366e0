"""What the home page says about texts: unread replies, and texts that have stopped."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from customers.models import Business, Customer, IncomingText, Membership, TextSettings
from events.models import Integration
from tests.admin.conftest import logged_in
from tests.factories import IncomingTextFactory, TextSettingsFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _once_switched_on(integration: Integration) -> None:
    """A business that never was switched on is first told how to begin."""


def text_items(user: User, business: Business) -> list[tuple[str, str]]:
    """Return the items about texts, each with the address of its link."""
    found: Any = (
        logged_in(user).get(reverse("admin:index"), {"business": business.pk}).context["attention"]
    )
    return [(item.text, url) for item, url in found if re.search("(?i)text", item.text)]


def test_unread_replies_are_counted_and_linked(
    owner: User, customer: Customer, other_business: Business
) -> None:
    business = customer.business
    IncomingTextFactory.create_batch(2, customer=customer)
    IncomingTextFactory.create(customer=customer, handled=True, body="I was answered long ago")
    IncomingTextFactory.create(customer__business=other_business)

    ((said, url),) = text_items(owner, business)

    assert said == "2 unread replies to your texts."
    shown = logged_in(owner).get(url)
    assert (shown.status_code, shown.context["cl"].result_count) == (200, 2)
    IncomingText.objects.filter(customer=customer).update(handled=True)
    assert text_items(owner, business) == []


def test_one_reply_is_singular_and_of_the_business_that_was_asked_for(
    owner: User, customer: Customer, other_business: Business
) -> None:
    Membership.objects.create(user=owner, business=other_business, role="owner")
    IncomingTextFactory.create(customer=customer)
    IncomingTextFactory.create(customer__business=other_business)

    ((said, url),) = text_items(owner, customer.business)

    assert said == "1 unread reply to your texts."
    assert logged_in(owner).get(url).context["cl"].result_count == 1


@pytest.mark.parametrize(
    ("problem", "why"),
    [
        ("account", "Twilio refuses our account."),
        ("number", "Twilio refuses to send"),
    ],
)
def test_texts_that_stopped_are_said_with_the_reason(
    owner: User, business: Business, problem: str, why: str
) -> None:
    settings = TextSettingsFactory.create(business=business, problem=problem)
    IncomingTextFactory.create(customer__business=business)

    (said, url), _ = text_items(owner, business)

    assert said.startswith(f"No texts are being sent. {why}")
    assert url == reverse("admin:customers_textsettings_change", args=[settings.pk])
    TextSettings.objects.update(enabled=False)
    assert len(text_items(owner, business)) == 1, "nobody wants them"
