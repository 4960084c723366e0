"""`make run` as a newcomer meets it: the real programs, with the data in a folder of the test's."""

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

RUN = """
import sys
from pathlib import Path
from devtools.run import system
from devtools.run.start import main
sys.exit(main(system.PROJECT, system.steps(), system.programs, Path(sys.argv[1])))
"""
# A newcomer has set none of them.
UNSET = (
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
    """Starts the system, and looks at what it printed and at its pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = {
            "WEB_PORT": str(free_port()),
            "SEGMENT_STUB_PORT": str(free_port()),
            "TWILIO_STUB_PORT": str(free_port()),
        }
        self._environment = dict.fromkeys(UNSET) | ports
        self.web, self.segment, self.phones = (
            f"http://127.0.0.1:{port}" for port in ports.values()
        )
        self.http = Session()
        self.http.trust_env = False
        self.start()

    def start(self) -> None:
        self.run = WatchedProcess([sys.executable, "-c", RUN, str(self.folder)], self._environment)
        self.run.wait_for("Ctrl-C stops everything")

    def password(self) -> str:
        return self.run.wait_for("Log in as admin with the password").split()[-1]

    def calls_the_api(self) -> bool:
        """With the key that it printed, as the docs say that it also names."""
        key = self.run.wait_for("Call the API as a till").split()[-1]
        docs = self.run.wait_for("  API  ").split()[1]
        page = self.http.get(docs, timeout=10)
        found = self.http.get(
            f"{self.web}/api/v1/customers", headers={"Authorization": f"Bearer {key}"}, timeout=10
        )
        return page.ok and found.ok and len(found.json()["results"]) > 0

    def texts(self) -> list[str]:
        """On the phones of customers."""
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

    def arrived(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in self.http.get(f"{self.segment}/messages", timeout=10).content.splitlines()
        ]

    def kinds(self) -> set[str]:
        return {
            one["message"].get("event", "identify")
            for one in self.arrived()
            if one["verdict"] == "accepted"
        }

    def order_number(self) -> str:
        numbers = [
            one["message"]["properties"]["order_id"]
            for one in self.arrived()
            if one["message"].get("event") == "Order Created"
        ]
        return str(numbers[0])

    def orders_found(self, number: str) -> bool:
        return (
            f">{number}</a>"
            in self.http.get(
                f"{self.web}/admin/customers/order/", params={"q": number}, timeout=10
            ).text
        )

    def processes(self) -> list[str]:
        """Everything that this folder's run started carries its mark."""
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
        return []  # it ended meanwhile, or belongs to somebody else


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(tmp_path)
    yield newcomer
    newcomer.run.close()


@pytest.mark.slow
def test_a_newcomer_sees_events_flow_and_finds_everything_again_after_a_crash(
    newcomer: Newcomer,
) -> None:
    newcomer.log_in()
    # both come from sweeps; the others from what people do
    wait_until(
        lambda: {"Customer Lost", "Customer Birthday", "Order Created"} <= newcomer.kinds(),
        "the events that nobody's action makes",
    )
    wait_until(lambda: len(newcomer.kinds()) >= 9, "eight kinds of events and identify")
    assert {one["verdict"] for one in newcomer.arrived()} == {"accepted"}
    assert {one["writeKey"] for one in newcomer.arrived()} == {
        demo.write_key for demo in BUSINESSES if demo.enabled
    }
    assert "Customers' phones" in newcomer.http.get(newcomer.phones, timeout=10).text
    assert newcomer.calls_the_api()
    texts = newcomer.texts()
    assert len([body for body in texts if "our van will come" in body]) >= 8
    assert not any("request_started" in line for line in newcomer.run.lines), (
        "requests hide what is told"
    )
    number, password = newcomer.order_number(), newcomer.password()
    assert newcomer.orders_found(number)

    newcomer.run.send(signal.SIGKILL)
    newcomer.run.ended()
    newcomer.start()

    assert newcomer.password() == password
    assert newcomer.orders_found(number), "the session or the order is gone"
    assert newcomer.calls_the_api()
    wait_until(
        lambda: set(texts) <= set(newcomer.texts()), "the phones show what was on them before"
    )
    assert newcomer.processes()
    os.killpg(
        newcomer.run.process.pid, signal.SIGINT
    )  # as the terminal does: to all of its foreground processes
    assert newcomer.run.ended() == 0
    assert newcomer.processes() == []
