"""Without a database, pages and calls say in plain words to try again. Nothing is half done."""

from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.signals import post_save
from django.test import Client
from django_celery_beat.models import PeriodicTask
from pytest_django.fixtures import Settings
from structlog.testing import capture_logs

from customers.models import Customer, Order
from devtools.services.ports import free_port
from smrt_integration.celery import app
from tests.account.conftest import link_to
from tests.api.conftest import Caller, business, customer, errors, integration, pos
from tests.factories import UserFactory
from tests.health.test_probes import move_database
from tests.workers import current_database_url

__all__ = ["business", "customer", "integration", "pos"]

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = "We cannot reach our database at the moment."
REQUEST_LOG = {"request_started", "request_finished"}
REPEAT = "Repeat the request after 5 seconds, with the same Idempotency-Key."


@pytest.fixture
def support() -> Client:
    client = browser()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def browser() -> Client:
    return Client(raise_request_exception=False)


def requests(support: Client, customer: Customer) -> list[Any]:
    """Return what owners' and customers' pages answer: each needs the database first elsewhere."""
    login = {"username": "owner", "password": "a wrong password"}
    return [
        support.get("/admin/"),
        support.get("/admin/events/sendlog/"),
        support.get("/admin/login/"),
        browser().post("/admin/login/", login),
        support.post("/admin/logout/"),
        browser().get(link_to(customer)),
        browser().get(f"/join/{customer.business.uuid.hex}"),
    ]


@pytest.mark.parametrize("debug", [False, True])
def test_every_page_and_call_is_a_503(
    support: Client,
    customer: Customer,
    pos: Caller,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    debug: bool,
) -> None:
    settings.DEBUG = debug
    move_database(monkeypatch, free_port())
    for response in requests(support, customer):
        text = response.content.decode()
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5"), text
        assert AWAY in text
        assert "503" not in text
        assert response.headers["Cache-Control"] == "no-store"
        assert ("Check there whether what you entered was saved" in text) == (
            response.request["REQUEST_METHOD"] == "POST"
        )
    for response in [pos.get("customers"), pos.post("orders", {}), pos.get("nothing")]:
        assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
        assert errors(response) == [("unavailable", None, f"{AWAY} {REPEAT}")]
    assert {record.getMessage() for record in caplog.records if record.exc_info} == set()


def test_a_server_with_too_many_connections_is_a_503_too(
    support: Client, customer: Customer, pos: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS crowded")
        cursor.execute("CREATE ROLE crowded LOGIN PASSWORD 'crowded' CONNECTION LIMIT 0")
    try:
        connection.close()
        with monkeypatch.context() as patch:
            patch.setitem(connection.settings_dict, "USER", "crowded")
            patch.setitem(connection.settings_dict, "PASSWORD", "crowded")
            responses = [*requests(support, customer), pos.get("customers")]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE crowded")
    assert {response.status_code for response in responses} == {503}


def test_a_call_whose_connection_is_cut_may_be_repeated_and_is_done_once(
    pos: Caller, customer: Customer
) -> None:
    def cut(**kwargs: Any) -> None:
        post_save.disconnect(cut, sender=Order)
        pid = connection.connection.info.backend_pid
        with psycopg.connect(current_database_url()) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    def create() -> Any:
        return pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key="till-1")

    post_save.connect(cut, sender=Order, weak=False)
    response = create()
    assert (response.status_code, errors(response)) == (
        503,
        [("unavailable", None, f"{AWAY} {REPEAT}")],
    )
    assert not Order.objects.exists()
    assert create().status_code == 201
    assert create().status_code == 201
    assert Order.objects.count() == 1


def test_support_reads_that_a_schedule_cannot_be_started_without_a_broker(
    support: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    celery: Any = app
    schedule = PeriodicTask.objects.get(name="Find lost customers")
    action = {"action": "run_tasks", "_selected_action": schedule.pk}
    address = "/admin/django_celery_beat/periodictask/"
    # Celery prefers it to its settings, and each process of pytest-xdist sets it.
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis://127.0.0.1:{free_port()}/0")
    celery._after_fork()
    try:
        response = support.post(address, action, follow=True)
    finally:
        monkeypatch.undo()
        celery._after_fork()
    assert response.status_code == 200
    assert "The broker does not answer, so not all of these tasks were started." in (
        response.content.decode()
    )


def test_requests_log_an_outage_of_the_database_once(
    support: Client,
    customer: Customer,
    pos: Caller,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with capture_logs() as logged:
        with monkeypatch.context() as away:
            move_database(away, free_port())
            requests(support, customer)
            pos.get("customers")
        for _ in range(2):
            assert pos.get("customers").status_code == 200

    outage = [line for line in logged if line.get("used_for") == "requests"]
    assert [(line["event"], line["server"], line.get("failures")) for line in outage] == [
        ("server_away", "database", None),
        ("server_back", "database", 8),
    ]
    assert {line["event"] for line in logged if line not in outage} <= REQUEST_LOG
    assert [record for record in caplog.records if record.name == "django.request"] == []
