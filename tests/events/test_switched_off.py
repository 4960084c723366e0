"""A business that is off costs a save little, and what another process switches counts at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from events.models import Integration, Outgoing
from tests.events.outbox_rows import names, nothing_written

pytestmark = pytest.mark.django_db


@pytest.fixture
def off(integration: Integration, customer: Customer) -> Integration:
    """An integration that is off, which a save has noticed."""
    Outgoing.objects.all().delete()
    integration.enabled = False
    integration.save()
    save(customer)
    assert names() == []
    return integration


def save(customer: Customer) -> list[str]:
    """Change a trait. Returns the statements about events."""
    customer.receive_texts = not customer.receive_texts
    with CaptureQueriesContext(connection) as captured:
        customer.save()
    return [query["sql"].strip() for query in captured if "events_" in query["sql"]]


def switch_elsewhere(**switches: object) -> None:
    """Change the integration as another process does, which this one does not notice."""
    Integration.objects.update(**switches)


def test_a_save_only_asks_whether_it_is_still_off(customer: Customer, off: Integration) -> None:
    with nothing_written():
        (statement,) = save(customer)
    assert statement.startswith("SELECT")


def test_the_first_save_after_it_is_on_is_recorded(customer: Customer, off: Integration) -> None:
    switch_elsewhere(enabled=True)
    assert len(save(customer)) == 2
    assert names() == ["identify"]
    (statement,) = save(customer)
    assert statement.startswith("INSERT")


def test_a_muted_event_only_asks_too(customer: Customer, off: Integration) -> None:
    switch_elsewhere(enabled=True, muted=["identify"])
    with nothing_written():
        (statement,) = save(customer)
    assert statement.startswith("SELECT")
    switch_elsewhere(muted=["Order Ready"])
    save(customer)
    assert names() == ["identify"]


def test_a_business_without_integration_only_asks_too(customer: Customer, off: Integration) -> None:
    Integration.objects.all().delete()
    (statement,) = save(customer)
    assert statement.startswith("SELECT")


def test_a_save_after_it_was_switched_on_here_asks_nothing(
    customer: Customer, off: Integration
) -> None:
    off.enabled = True
    off.save()
    (statement,) = save(customer)
    assert statement.startswith("INSERT")
    assert names() == ["identify"]
