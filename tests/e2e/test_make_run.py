"""`make run` with the real programs, as on the first day; its data is in a temporary folder."""

import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from requests import Session

from devtools.demo.businesses import BUSINESSES
from devtools.services.ports import free_port
from tests.devtools.run.processes import WatchedProcess, wait_until

RUN_CODE = """
import sys
from pathlib import Path
from devtools.run import system
from devtools.run.start import main
sys.exit(main(system.PROJECT, system.steps(), system.programs, Path(sys.argv[1])))
"""
# A newcomer has set none of these.
UNSET_SETTINGS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SEGMENT_HOST",
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUBLIC_URL",
    "LOG_LEVEL",
    "DEBUG",
    "MAKELEVEL",
)


class Newcomer:
    """Starts the system, reads its output and opens its pages."""

    run: WatchedProcess

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = {
            "WEB_PORT": str(free_port()),
            "SEGMENT_STUB_PORT": str(free_port()),
            "TWILIO_STUB_PORT": str(free_port()),
        }
        self._environment = dict.fromkeys(UNSET_SETTINGS) | ports
        self.web, self.segment, self.phones = (
            f"http://127.0.0.1:{port}" for port in ports.values()
        )
        self.http = Session()
        self.http.trust_env = False

    def start(self) -> None:
        self.run = WatchedProcess(
            [sys.executable, "-c", RUN_CODE, str(self.folder)], self._environment
        )
        # The first start takes half a minute of a busy machine. Each part may take as long as any
        # other condition, and a failure says which part did not end.
        for said in ("Preparing the tables.", "Preparing the demo.", "Ctrl-C stops everything"):
            self.run.wait_for(said)

    def password(self) -> str:
        return self.run.wait_for("Log in as admin with the password").split()[-1]

    def calls_the_api(self) -> bool:
        """Return whether its docs open, and a call with the printed key works."""
        key = self.run.wait_for("Call the API as a till").split()[-1]
        docs = self.run.wait_for("  API  ").split()[1]
        page = self.http.get(docs, timeout=10)
        response = self.http.get(
            f"{self.web}/api/v1/customers", headers={"Authorization": f"Bearer {key}"}, timeout=10
        )
        return page.ok and response.ok and len(response.json()["results"]) > 0

    def texts(self) -> list[str]:
        """Return the texts on the phones of customers."""
        return [
            line["body"]
            for line in self.http.get(f"{self.phones}/messages", timeout=10).json()["lines"]
            if not line["theirs"]
        ]

    def log_in(self) -> None:
        page = self.http.get(f"{self.web}/admin/login/", timeout=10).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token
        form = {
            "csrfmiddlewaretoken": token[1],
            "username": "admin",
            "password": self.password(),
            "next": "/admin/",
        }
        assert (
            BUSINESSES[0].name in self.http.post(f"{self.web}/admin/login/", form, timeout=10).text
        )

    def messages(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in self.http.get(f"{self.segment}/messages", timeout=10).content.splitlines()
        ]

    def event_names(self) -> set[str]:
        """Return the accepted events, and `identify`."""
        return {
            line["message"].get("event", "identify")
            for line in self.messages()
            if line["verdict"] == "accepted"
        }

    def order_number(self) -> str:
        numbers = [
            line["message"]["properties"]["order_id"]
            for line in self.messages()
            if line["message"].get("event") == "Order Created"
        ]
        return str(numbers[0])

    def is_order_found(self, number: str) -> bool:
        return (
            f">{number}</a>"
            in self.http.get(
                f"{self.web}/admin/customers/order/", params={"q": number}, timeout=10
            ).text
        )

    def processes(self) -> list[str]:
        """Return the ids of the processes of this folder's run; their environment has its mark."""
        mark = next(
            line
            for line in (self.folder / "secrets").read_text().splitlines()
            if line.startswith("SMRT_RUN=")
        )
        return [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and mark in environment_of(entry)
        ]


def environment_of(process: Path) -> list[str]:
    try:
        return (process / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []  # The process has ended, or belongs to another account.


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(tmp_path)
    try:
        newcomer.start()
        yield newcomer
    finally:
        newcomer.run.close()


@pytest.mark.slow
def test_a_newcomer_sees_events_arrive_and_finds_all_data_again_after_a_crash(
    newcomer: Newcomer,
) -> None:
    newcomer.log_in()
    # Sweeps find the first two; people cause the others.
    wait_until(
        lambda: {"Customer Lost", "Customer Birthday", "Order Created"} <= newcomer.event_names(),
        "events of sweeps and of people arrive",
    )
    wait_until(
        lambda: len(newcomer.event_names()) >= 9, "eight kinds of events and identify arrive"
    )
    assert {line["verdict"] for line in newcomer.messages()} == {"accepted"}
    assert {line["writeKey"] for line in newcomer.messages()} == {
        demo.write_key for demo in BUSINESSES if demo.enabled
    }
    assert "Customers' phones" in newcomer.http.get(newcomer.phones, timeout=10).text
    assert newcomer.calls_the_api()
    texts = newcomer.texts()
    assert len([body for body in texts if "our van will come" in body]) >= 8
    assert not any("request_started" in line for line in newcomer.run.lines), (
        "the log of requests hides the instructions"
    )
    number, password = newcomer.order_number(), newcomer.password()
    assert newcomer.is_order_found(number)

    newcomer.run.send(signal.SIGKILL)
    newcomer.run.wait_for_end()
    newcomer.start()

    assert newcomer.password() == password
    assert newcomer.is_order_found(number), "the session or the order is gone"
    assert newcomer.calls_the_api()
    wait_until(lambda: set(texts) <= set(newcomer.texts()), "the phones show the texts from before")
    assert newcomer.processes()
    # A terminal sends Ctrl-C to all of its foreground processes.
    os.killpg(newcomer.run.process.pid, signal.SIGINT)
    assert newcomer.run.wait_for_end() == 0
    assert newcomer.processes() == []
