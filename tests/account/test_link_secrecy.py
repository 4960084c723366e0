"""Segment gets the link as a trait. No other row, response or page contains it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.urls import NoReverseMatch, reverse

from customers.links import account_link
from customers.models import Customer
from events.models import Integration, Outgoing, SendLog
from smrt_integration.api.scopes import SCOPES
from smrt_integration.api.urls import router, urlpatterns
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in, owner
from tests.api.conftest import Caller
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn

__all__ = ["owner"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def signature(customer: Customer, integration: Integration, segment: SegmentStandIn) -> str:
    """Return the secret part of the link that Segment has just got."""
    order = OrderFactory.create(customer=customer, business=customer.business)
    Delivery().run()
    (link,) = [
        message["traits"]["link"] for message in segment.accepted() if message["type"] == "identify"
    ]
    assert link == account_link(customer.uuid, 1)
    order.mark_ready()
    customer.email = "another@example.com"
    customer.save()
    return str(link.rpartition(".")[2])


def resources(customer: Customer) -> Iterator[str]:
    """Return the API's paths: the lists, and every path that has the customer's id."""
    names = {getattr(pattern, "name", None) for pattern in (*router.urls, *urlpatterns)}
    for name in names - {None}:
        for arguments in ([], [customer.uuid]):
            try:
                yield reverse(f"api:{name}", args=arguments).removeprefix("/api/v1/")
            except NoReverseMatch:
                continue


def test_no_api_response_contains_the_link(customer: Customer, signature: str) -> None:
    call = Caller(customer.business, scopes=[*SCOPES])
    paths = sorted(resources(customer))
    assert {"customers", f"customers/{customer.uuid}", "trait-types"} <= set(paths)

    responses = {path: call.get(path) for path in paths}

    assert responses[f"customers/{customer.uuid}"].status_code == 200
    assert [
        path for path, response in responses.items() if signature in response.content.decode()
    ] == []


def test_no_row_of_the_outbox_or_send_log_contains_the_link(signature: str) -> None:
    rows = [*SendLog.objects.values(), *Outgoing.objects.values()]
    assert {row["event"] for row in rows} >= {"identify", "Order Created", "Order Ready"}
    # the log has its messages packed
    messages = [entry.body for entry in SendLog.objects.all()]
    assert '"link":' in str(messages), "masked, and not left out"
    assert signature not in str([*rows, *messages])


def test_no_admin_page_about_the_customer_contains_the_link(
    customer: Customer, owner: User, signature: str
) -> None:
    client = logged_in(owner)
    for page in ("change", "links", "timeline", "history"):
        response = client.get(reverse(f"admin:customers_customer_{page}", args=[customer.pk]))
        assert response.status_code == 200
        assert signature not in response.content.decode()
