"""The log never has a write key, personal data or a customer's link, at any level."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from customers.links import account_link
from customers.models import Customer
from events import wake
from events.models import DeliveryAttempt
from smrt_integration import tasks
from smrt_integration.delivery import segment as delivery_to_segment
from smrt_integration.logs import configure, hide_row_details
from tests.delivery.sending_businesses import (
    lane_of,
    logged,
    sending_business,
    sign_up,
    time_passes,
    write_key,
)
from tests.factories import CustomFieldFactory, CustomFieldValueFactory, OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

FAULTS = [("status", {"status": status}) for status in (200, 400, 401, 413, 429, 500)] + [
    ("cut", {}),
    ("hang", {}),
]


def personal_data_of(customer: Customer) -> list[str]:
    link = account_link(customer.uuid, customer.link_version)
    return [
        customer.email,
        customer.last_name,
        customer.phone,
        customer.street,
        link,
        link.rpartition("/")[2].rpartition(".")[2],
    ]


def create_customers_with_faults(
    segment: SegmentStandIn, faults: list[tuple[str, dict[str, int]]]
) -> list[Customer]:
    """Create a business with a customer for each fault."""
    customers = []
    for number, (kind, spec) in enumerate(faults):
        segment.fault(kind, write_key(number), **spec)  # type: ignore[arg-type]
        details = {"last_name": f"Quietman{number}", "street": f"{number} Secret Lane"}
        customers.append(sign_up(sending_business(write_key(number)), **details))
    return customers


@contextmanager
def failing_constraint() -> Iterator[None]:
    """Add a constraint that a sweep violates. PostgreSQL's error then contains the whole row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE customers_customer"
            " ADD CONSTRAINT nobody_is_better CHECK (demographic = 5) NOT VALID"
        )
        yield
        cursor.execute("ALTER TABLE customers_customer DROP CONSTRAINT nobody_is_better")


@pytest.mark.slow
def test_a_worker_logs_no_secrets_at_any_level(
    start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    worker = start_worker(LOG_LEVEL="DEBUG", SEGMENT_TIMEOUT="1")
    customers = create_customers_with_faults(segment, FAULTS)
    large = CustomFieldFactory.create(business=customers[0].business, name="Notes")
    CustomFieldValueFactory.create(customer=customers[0], field=large, value="Quietman" * 5_000)
    business_ids = {customer.business_id for customer in customers}
    wait_until(
        lambda: set(DeliveryAttempt.objects.values_list("business_id", flat=True)) == business_ids,
        "every business has met its fault",
    )
    OrderFactory.create(customer=customers[0])
    with failing_constraint():
        tasks.sweep_spending.delay()
        wait_until(lambda: "IntegrityError" in worker.printed, "the sweep fails")
    segment.clear_faults()
    time_passes()
    wait_until(wake.wake, "a worker is woken")
    wait_until(lambda: logged(customer_id=customers[-1].pk), "the worker continues")
    worker.stop()

    printed = worker.printed
    assert 'violates check constraint "nobody_is_better"' in printed
    assert "Traceback" in printed
    for number, customer in enumerate(customers):
        assert write_key(number) not in printed
        assert [secret for secret in personal_data_of(customer) if secret in printed] == []
    assert "Quietman" not in printed
    assert lane_of(customers[2].business).stopped


def test_the_cause_of_an_error_is_logged_without_the_row() -> None:
    first = "psycopg.Error: refused\nDETAIL:  Failing row (Ann\n\nAnn)\nCONTEXT:  COPY"
    chained = first + "\n\nThe above exception was the cause:\ndjango.Error: refused\nDETAIL:  Ann"
    line = hide_row_details(
        None,
        "error",
        {"event": "raised: Error('refused\\nDETAIL:  Ann')", "exception": chained, "attempt": 1},
    )

    assert line == {
        "event": "raised: Error('refused",
        "exception": (
            "psycopg.Error: refused\n\nThe above exception was the cause:\ndjango.Error: refused"
        ),
        "attempt": 1,
    }


def test_the_sdk_logs_only_warnings_and_errors_at_every_level() -> None:
    assert delivery_to_segment.HOSTS, "imported, which sets the level"
    assert logging.getLogger("segment").level == logging.WARNING
    assert configure("DEBUG", readable=True)["loggers"]["segment"] == {"level": "WARNING"}
