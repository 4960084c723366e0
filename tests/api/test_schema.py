"""The OpenAPI schema, and that every response conforms to it."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client as Http
from pytest_django.live_server_helper import LiveServer

from customers.models import Customer
from events.lanes.status import LaneState
from events.models import Integration
from smrt_integration.api.resources.integration import LANE_STATES
from tests.api.conftest import Caller
from tests.factories import (
    AgentFactory,
    DepartmentFactory,
    DiscountFactory,
    EmployeeFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

PROJECT = Path(__file__).resolve().parent.parent.parent

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "odd_is_refused",
)


def test_the_schema_has_no_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())


def test_no_description_is_about_our_code() -> None:
    """A serializer without a docstring would show the one of its base class."""
    schema = StringIO()
    call_command("spectacular", stdout=schema)

    assert "serializer" not in schema.getvalue().lower()


def test_the_integration_s_states_have_these_values() -> None:
    """Clients depend on these values. The names in the code may differ."""
    assert {*LANE_STATES} == {*LaneState}
    assert [*LANE_STATES.values()] == [
        "off",
        "choosing",
        "discarding",
        "stopped",
        "troubled",
        "sending",
        "well",
        "new",
    ]


@pytest.mark.django_db
def test_the_docs_page_loads_nothing_from_other_hosts() -> None:
    response = Http().get("/api/v1/docs")

    assert response.status_code == 200
    assert b"//cdn" not in response.content
    assert b"https://" not in response.content


@pytest.fixture
def records(customer: Customer, integration: Integration) -> None:
    """One of each, so that not every response is a 404."""
    AgentFactory.create(business=customer.business)
    DepartmentFactory.create(business=customer.business)
    DiscountFactory.create(business=customer.business)
    EmployeeFactory.create(business=customer.business)
    OrderFactory.create(customer=customer)
    StopFactory.create(customer=customer)
    PickupRequestFactory.create(customer=customer)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_no_call_is_a_server_error_and_every_response_conforms_to_the_schema(
    records: None, live_server: LiveServer, pos: Caller, tmp_path: Path
) -> None:
    """Schemathesis sends valid and invalid requests, and some that no schema describes."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{live_server.url}/api/v1/schema"]
    command += [
        "-H",
        f"Authorization: Bearer {pos.secret}",
        "--max-examples",
        "8",
        "--seed",
        "1",
        "--phases",
        "examples,fuzzing",
    ]
    command += [
        "--checks",
        ",".join(CHECKS),
    ]
    result = subprocess.run(
        [*command, "--no-color"],
        cwd=tmp_path,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.api.odd_requests", "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )

    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-2_000:]
