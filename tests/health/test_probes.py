"""`/livez` and `/readyz`: what they say while something is away, and that they never hang."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from devtools.services.ports import free_port
from events.models import Lane, Outgoing
from smrt_integration.health import readiness
from smrt_integration.health.heartbeats import RunningSelf
from smrt_integration.health.models import Heartbeat
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import sending_business, sign_up

BALANCER = {"Host": "10.0.0.7"}


@pytest.fixture(autouse=True)
def nothing_is_cached(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(readiness, "CACHED_SECONDS", 0.0)
    monkeypatch.setattr(readiness, "_database", fresh(readiness._database))
    monkeypatch.setattr(readiness, "_broker", fresh(readiness._broker))
    # As deployed: other addresses redirect a probe to https, or refuse its Host.
    settings.SECURE_SSL_REDIRECT = True
    settings.ALLOWED_HOSTS = ["smrt.example.com"]


def fresh(check: readiness.BoundedCheck) -> readiness.BoundedCheck:
    return readiness.BoundedCheck(check._run, check._if_hanging)


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says anything, like a frozen server."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def probe(path: str = "/readyz") -> tuple[int, dict[str, Any]]:
    response = Client().get(path, headers=BALANCER)
    return response.status_code, response.json()


def failing(answer: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["text"] for check in answer["checks"] if not check["ok"]}


def see(program: str) -> None:
    RunningSelf(program, 1, time.monotonic()).write_heartbeat()


def move_database(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", port)


def test_livez_answers_without_a_database_and_without_a_broker(
    settings: Settings, silent_port: int
) -> None:
    # No fixture of the database: a query would fail this test.
    settings.CELERY_BROKER_URL = settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    assert probe("/livez") == (200, {"alive": True})
    response = Client().post("/livez", headers=BALANCER)
    assert response.status_code == 405
    assert "Set-Cookie" not in Client().get("/livez", headers=BALANCER).headers


@pytest.mark.django_db(transaction=True)
def test_a_web_server_without_beat_and_workers_is_ready_and_says_what_is_missing() -> None:
    status, answer = probe()
    assert (status, answer["ready"], answer["all_ok"]) == (200, True, False)
    assert failing(answer) == {
        "beat": "Beat has not been seen for a day.",
        "workers": "A worker has not been seen for a day.",
    }
    assert probe("/readyz?all")[0] == 503

    see("beat")
    see("worker")
    status, answer = probe("/readyz?all")
    assert (status, answer["all_ok"], failing(answer)) == (200, True, {})
    assert [check["name"] for check in answer["checks"] if check["needed"]] == [
        "database",
        "migrations",
    ]
    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert failing(probe()[1]) == {
        "beat": "Beat was last seen 5 minutes ago.",
        "workers": "A worker was last seen 5 minutes ago.",
    }


@pytest.mark.django_db(transaction=True)
def test_a_lane_that_no_worker_claims_is_reported_and_one_that_may_wait_is_not() -> None:
    business = sending_business(WRITE_KEY)
    sign_up(business)
    past = timezone.now() - timedelta(minutes=5)
    Outgoing.objects.update(recorded_at=past)
    lane = Lane.objects.filter(business=business)
    lane.update(claimed_at=past, resume_at=past)
    assert failing(probe()[1])["lanes"] == (
        "The lane that is due longest has waited for a worker for 5 minutes."
    )
    for waits in (
        {"stopped": "Segment refused the write key."},
        {"resume_at": timezone.now() + timedelta(minutes=5)},
        {"lease_until": timezone.now() + timedelta(seconds=20)},
        {"claimed_at": timezone.now()},
    ):
        before = lane.values(*waits).get()
        lane.update(**waits)
        assert "lanes" not in failing(probe()[1])
        lane.update(**before)


@pytest.mark.django_db(transaction=True)
def test_a_web_server_of_a_version_that_is_not_migrated_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last = readiness._last_migrations()
    monkeypatch.setattr(readiness, "_last_migrations", lambda: last | {("events", "9999_next")})
    status, answer = probe()
    assert (status, answer["ready"]) == (503, False)
    assert failing(answer)["migrations"] == "Migrations are missing (1): run manage.py migrate."


@pytest.mark.django_db(transaction=True)
def test_a_web_server_without_a_database_is_not_ready(
    monkeypatch: pytest.MonkeyPatch, silent_port: int
) -> None:
    connection.ensure_connection()
    move_database(monkeypatch, free_port())
    away = {"database": "The database does not answer."}
    status, answer = probe()
    assert (status, answer["ready"], failing(answer)) == (503, False, away)
    with pytest.raises(CommandError, match=r"The database does not answer\."):
        call_command("healthcheck", "worker")

    monkeypatch.setattr(readiness, "CACHED_SECONDS", 1.0)
    move_database(monkeypatch, silent_port)
    monkeypatch.setattr(readiness, "_database", fresh(readiness._database))
    status, answer = probe()
    assert (status, answer["ready"], failing(answer)) == (503, False, away)
    # The second does not wait for it again, however long a first one would wait by now.
    monkeypatch.setattr(readiness, "CACHED_SECONDS", readiness.ABANDONED_SECONDS)
    current = readiness._database._current
    monkeypatch.setattr(readiness, "ABANDONED_SECONDS", 600.0)
    assert probe()[0] == 503
    assert readiness._database._current is current


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_or_hangs_is_reported(settings: Settings, silent_port: int) -> None:
    for port in (free_port(), silent_port):
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{port}/0"
        status, answer = probe()
        assert (status, answer["ready"]) == (200, True)
        assert failing(answer)["broker"] == (
            "The broker does not answer. Events are sent when it is back."
        )


@pytest.mark.django_db
def test_the_health_check_of_a_container_tells_a_program_of_this_host_that_is_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(CommandError, match=r"Beat has not been seen on this host\."):
        call_command("healthcheck", "beat")
    see("beat")
    call_command("healthcheck", "beat")
    assert capsys.readouterr().out == "Beat was last seen on this host 0 seconds ago.\n"

    Heartbeat.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
    with pytest.raises(CommandError, match=r"Beat was last seen on this host 1\d\d seconds ago\."):
        call_command("healthcheck", "beat")
    Heartbeat.objects.update(seen_at=timezone.now(), host="elsewhere")
    with pytest.raises(CommandError, match="has not been seen"):
        call_command("healthcheck", "beat")
