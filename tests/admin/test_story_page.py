"""A customer's story, as owners and helpers read it."""

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from customers.models import Customer, Order
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in
from tests.events.waiting import nothing_written
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def text(response: Any) -> str:
    body = response.content.decode().split('id="skipped"', 1)[1]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def address(customer: Customer) -> str:
    return reverse("admin:customers_customer_story", args=[customer.pk])


def test_it_opens(segment: SegmentStandIn, customer: Customer, integration: Integration, support: User) -> None:
    order = Order.create(customer)
    Delivery().run()
    order.mark_ready()
    with nothing_written():
        response = logged_in(support).get(address(customer))
    assert response.status_code == 200
