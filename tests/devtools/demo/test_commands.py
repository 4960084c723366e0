"""`manage.py seed_demo` and `manage.py simulate` as programs."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from devtools.demo.businesses import BUSINESSES
from devtools.services.postgres import PostgresServer
from tests import workers
from tests.devtools.demo.conftest import DemoSystem
from tests.devtools.run.processes import WatchedProcess, wait_until
from tests.segment import SegmentStandIn
from tests.web import Web

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"
NOWHERE = "http://127.0.0.1:9"
DEPLOYED = {
    "DEBUG": "0",
    "SECRET_KEY": "x" * 50,
    "FIELD_KEYS": "A" * 43 + "=",
    "ALLOWED_HOSTS": "x",
    "PUBLIC_URL": "https://x",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(MANAGE), *arguments]
    return subprocess.run(
        command,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def simulating(database: str, web: str, *arguments: str) -> WatchedProcess:
    environment = {"DATABASE_URL": database, "SEGMENT_HOST": NOWHERE, "PYTHONUNBUFFERED": "1"}
    return WatchedProcess(
        [sys.executable, str(MANAGE), "simulate", "--web", web, *arguments], environment
    )


def test_the_demo_does_not_exist_outside_development() -> None:
    run = manage("seed_demo", SEGMENT_HOST=NOWHERE, **DEPLOYED)
    assert run.returncode == 1
    error = "Unknown command: 'seed_demo'\nType 'manage.py help' for usage.\n"
    assert (run.stdout, run.stderr) == ("", error)


@pytest.mark.parametrize("command", ["seed_demo", "simulate"])
@pytest.mark.parametrize(
    ("debug", "host", "message"),
    [
        (
            False,
            NOWHERE,
            (
                "The demo runs only with DEBUG=1: it creates made-up customers, "
                "and logins whose passwords it prints."
            ),
        ),
        (
            True,
            "",
            (
                "SEGMENT_HOST is not set, so the demo would send events to the real Segment. "
                "`make run` sets it."
            ),
        ),
    ],
)
def test_neither_command_runs_in_production_or_against_the_real_segment(
    settings: Settings, command: str, debug: bool, host: str, message: str
) -> None:
    settings.DEBUG, settings.SEGMENT_HOST = debug, host
    with pytest.raises(CommandError) as refusal:
        call_command(command)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--pace", "0", "0 is not a number of actions per second above 0"),
        ("--pace", "nan", "nan is not a number of actions per second above 0"),
        ("--actions", "-1", "-1 is not a number of actions"),
        ("--actions", "many", "many is not a number of actions"),
    ],
)
def test_an_invalid_number_is_named(option: str, text: str, message: str) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("simulate", f"{option}={text}")
    assert str(refusal.value) == f"Error: argument {option}: {message}"


@pytest.mark.django_db
def test_the_stand_in_gets_the_names_of_the_businesses(
    segment: SegmentStandIn, settings: Settings
) -> None:
    settings.DEBUG = True
    call_command("simulate", "--actions", "0")
    with urllib.request.urlopen(f"{segment.url}/businesses", timeout=10) as response:
        names = {business["writeKey"]: business["name"] for business in json.load(response)}
    assert names == {demo.write_key: demo.name for demo in BUSINESSES}


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresServer]:
    """A server that can be stopped, with the demo in it."""
    server = PostgresServer(tmp_path)
    server.start()
    for command in (("migrate", "--verbosity", "0"), ("seed_demo",)):
        assert manage(*command, DATABASE_URL=server.url, SEGMENT_HOST=NOWHERE).returncode == 0
    yield server
    server.stop()


@pytest.fixture
def web_server(postgres: PostgresServer) -> Iterator[Web]:
    """A web server that uses that database."""
    web = Web({"DATABASE_URL": postgres.url, "SEGMENT_HOST": NOWHERE})
    yield web
    web.kill()


@pytest.mark.slow
def test_the_simulation_continues_when_the_database_is_back_and_stops_at_once_on_a_signal(
    postgres: PostgresServer, web_server: Web
) -> None:
    run = simulating(postgres.url, web_server.url, "--pace", "50")
    run.wait_for("Golden Gate Cleaners: ")
    postgres.stop()
    run.wait_for("The database does not answer. Waiting for it.")
    before = len(run.lines)
    postgres.start()
    wait_until(
        lambda: sum("Reinigung Möwe: " in line for line in run.lines[before:]) > 1,
        "the next actions",
    )
    assert end(run) == 0
    assert [line for line in run.lines if "Traceback" in line or "failed:" in line] == []

    second_run = simulating(postgres.url, web_server.url, "--pace", "50")
    second_run.wait_for("Golden Gate Cleaners: ")
    postgres.kill()
    second_run.wait_for("The database does not answer. Waiting for it.")
    assert end(second_run) == 0


def test_the_simulation_waits_for_the_web_server_and_stops_at_once_on_a_signal(
    system: DemoSystem,
) -> None:
    another = Web({"SEGMENT_HOST": system.segment.url})
    run = simulating(workers.current_database_url(), another.url, "--pace", "50")
    run.wait_for("Golden Gate Cleaners: ")
    another.kill()
    run.wait_for("The web server does not answer. Waiting for it.")
    assert end(run) == 0
    assert [line for line in run.lines if "Traceback" in line] == []


def end(run: WatchedProcess) -> int:
    began = time.monotonic()
    run.send(signal.SIGTERM)
    code = run.wait_for_end()
    # A request's time-out would be five seconds.
    assert time.monotonic() - began < 4
    return code
