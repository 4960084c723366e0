"""Start the Twilio stand-in as a process; and call our webhook as Twilio does."""

import subprocess
import sys
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple, Self
from xml.etree import ElementTree as ET

from django.test import Client
from requests import Session

from devtools.twilio_stub.account import ACCOUNT, TOKEN
from devtools.twilio_stub.texts_api import signature
from tests.segment import PROJECT, RESPONSE_TIMEOUT_SECONDS, STOP_TIMEOUT_SECONDS

__all__ = ["ACCOUNT", "TOKEN"]
SIDS = count(1)


class DeliveredText(NamedTuple):
    """A text on a customer's phone."""

    to: str
    sender: str
    body: str


class TwilioStandIn:
    """A running stand-in. It stops at the end of a `with` block."""

    def __init__(
        self, webhook: str = "http://127.0.0.1:8000/texts/incoming", delay: float = 0.0
    ) -> None:
        stub = [
            sys.executable,
            "-m",
            "devtools.twilio_stub",
            "--port",
            "0",
            "--stop-with-stdin",
        ]
        command = [*stub, "--webhook", webhook, "--delay", str(delay)]
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._http = Session()
        self._http.trust_env = False
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("The Twilio stand-in did not start.")
        self.url = line.split()[-1]

    def stop(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=STOP_TIMEOUT_SECONDS)

    def texts(self) -> list[DeliveredText]:
        """Return the texts that customers got, in the order of arrival."""
        return [
            DeliveredText(line["phone"], line["number"], line["body"])
            for line in self._state()["lines"]
            if not line["theirs"]
        ]

    def sids(self) -> list[str]:
        """Return Twilio's ids of those texts."""
        return [line["sid"] for line in self._state()["lines"] if not line["theirs"]]

    def arrivals(self) -> dict[str, list[float]]:
        """Return when the texts of each sender arrived, as `time.time()`."""
        times: dict[str, list[float]] = {}
        for line in self._state()["lines"]:
            if not line["theirs"]:
                times.setdefault(line["number"], []).append(line["at"])
        return times

    def send_calls(self) -> int:
        """Return how many calls to send a text arrived, successful or not."""
        return int(self._state()["asked"])

    def fault(self, status: int, **spec: Any) -> None:
        """Add a fault. `spec` is described in `devtools.twilio_stub.texts_api.TextFault`."""
        self._http.post(
            self.url + "/faults", json={"status": status, **spec}, timeout=RESPONSE_TIMEOUT_SECONDS
        ).raise_for_status()

    def reset(self) -> None:
        self._http.post(self.url + "/reset", timeout=RESPONSE_TIMEOUT_SECONDS).raise_for_status()

    def _state(self) -> Any:
        return self._http.get(self.url + "/messages", timeout=RESPONSE_TIMEOUT_SECONDS).json()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def post_incoming_text(
    phone: str, number: str, body: str, *, sid: str = "", signed: str | None = None, **more: str
) -> Any:
    """Call the webhook as Twilio does when a customer sends a text.

    `signed`: a signature in place of the right one. `more`: other fields of the form.
    """
    form = {
        "MessageSid": sid or f"SM{next(SIDS):032x}",
        "AccountSid": ACCOUNT,
        "From": phone,
        "To": number,
        "Body": body,
        "NumMedia": "0",
    }
    form |= more
    right_signature = signature("http://127.0.0.1:8000/texts/incoming", form)
    return Client(enforce_csrf_checks=True).post(
        "/texts/incoming",
        form,
        headers={"X-Twilio-Signature": right_signature if signed is None else signed},
    )


def automatic_replies(response: Any) -> list[str]:
    """Return the texts of the response to Twilio, which sends them to the customer."""
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "text/xml"
    return [message.text or "" for message in ET.fromstring(response.content).iter("Message")]
