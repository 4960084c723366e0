"""Start the Segment stand-in as a process, and talk to it over HTTP."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from types import TracebackType
from typing import Any, Literal, Self

from requests import Response, Session

PROJECT = Path(__file__).resolve().parent.parent
# It takes far less than a second for each of these. The limits are for an overloaded machine.
START_TIMEOUT_SECONDS = 20.0
STOP_TIMEOUT_SECONDS = 10.0
RESPONSE_TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.02

Verdict = Literal["accepted", "dropped"]
FaultKind = Literal[
    "status",
    "delay",
    "hang",
    "cut",
    "accept_then_timeout",
    "accept_then_cut",
    "redirect",
    "refuse_messages",
]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message of a request that got status 200, and whether Segment accepted or dropped it.

    `reason` is empty for an accepted message. `timestamp` is the one that Segment computes; the
    message's own timestamp is in `message`. `size` is in bytes, as sent.
    """

    number: int
    request: int
    write_key: str
    verdict: Verdict
    reason: str
    received_at: datetime
    timestamp: datetime
    size: int
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One HTTP request.

    `status` is None if there was no response. `withheld`: a fault discarded its messages.
    """

    number: int
    received_at: datetime
    write_key: str
    path: str
    status: int | None
    reason: str
    messages: int
    size: int
    fault: FaultKind | None
    withheld: bool
    headers: Mapping[str, str]

    @property
    def retry_count(self) -> int:
        """The sender's `X-Retry-Count`. The first attempt has no such header."""
        return int(self.headers.get("X-Retry-Count", "0"))


class SegmentStandIn:
    """A running stand-in. It starts with the instance.

    It stops with `stop()`, at the end of a `with` block, or when this process ends.
    """

    def __init__(self, port: int = 0) -> None:
        command = [
            sys.executable,
            "-m",
            "devtools.segment_stub",
            "--port",
            str(port),
            "--stop-with-stdin",
        ]
        self._process = subprocess.Popen(
            command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._http = Session()
        self._http.trust_env = False
        try:
            self.url = self._ready_line().split()[-1]
        except BaseException:
            self.stop()
            raise

    def _ready_line(self) -> str:
        assert self._process.stdout is not None
        with DefaultSelector() as selector:
            selector.register(self._process.stdout, EVENT_READ)
            line = self._process.stdout.readline() if selector.select(START_TIMEOUT_SECONDS) else ""
        if not line:
            raise RuntimeError(
                f"The Segment stand-in was not ready within {START_TIMEOUT_SECONDS:g} s"
                f" (exit code {self._process.poll()})."
            )
        return line

    def stop(self) -> None:
        """Stop the process. May be called twice."""
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=STOP_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def messages(
        self, write_key: str | None = None, verdict: Verdict | None = None
    ) -> list[Arrival]:
        """Return the messages in the order of arrival."""
        return [
            _arrival(line)
            for line in self._lines("/messages", write_key=write_key, verdict=verdict)
        ]

    def accepted(self, write_key: str | None = None) -> list[dict[str, Any]]:
        """Return the contents of the accepted messages, as sent."""
        return [arrival.message for arrival in self.messages(write_key, "accepted")]

    def requests(self, write_key: str | None = None) -> list[ReceivedRequest]:
        """Return all requests in the order of arrival."""
        return [_request(line) for line in self._lines("/requests", write_key=write_key)]

    def fault(self, kind: FaultKind, write_key: str = "*", **spec: Any) -> None:
        """Add a fault. `spec` is described in `devtools.segment_stub.faults.parse_fault`.

        It may contain times, status, retry_after, delay_ms, contains and location.
        """
        self._ask("POST", "/faults", json={"kind": kind, "write_key": write_key, **spec})

    def clear_faults(self, write_key: str | None = None) -> None:
        """Remove the faults. Requests that they hold get their normal response."""
        self._ask("DELETE", "/faults", params={"write_key": write_key})

    def reset(self) -> None:
        """Forget everything, and cut the requests that a fault holds.

        So no request of an earlier test arrives in the next one.
        """
        self._ask("POST", "/reset")

    def counts(self, write_key: str | None = None) -> Counter[str]:
        """Return how many messages were accepted and dropped."""
        counts: Counter[str] = Counter(accepted=0, dropped=0)
        for business in self._ask("GET", "/businesses").json():
            if write_key in {None, business["writeKey"]}:
                counts.update(accepted=business["accepted"], dropped=business["dropped"])
        return counts

    def wait_for(
        self, count: int, write_key: str | None = None, timeout: float = 20.0
    ) -> list[Arrival]:
        """Wait until at least `count` messages were accepted.

        Returns them. Raises AssertionError with what arrived instead.
        """
        deadline = time.monotonic() + timeout
        while self.counts(write_key)["accepted"] < count:
            if time.monotonic() > deadline:
                raise AssertionError(self._describe_arrivals(count, write_key, timeout))
            time.sleep(POLL_SECONDS)
        return self.messages(write_key, "accepted")

    def _describe_arrivals(self, count: int, write_key: str | None, timeout: float) -> str:
        arrivals, received = self.messages(write_key), self.requests(write_key)
        sender = write_key or "any write key"
        expected = f"{count} accepted messages of {sender}"
        lines = [f"Waited {timeout:g} s for {expected}; {len(arrivals)} messages arrived:"]
        lines += [_summary(arrival) for arrival in arrivals[-20:]]
        lines += [f"{len(received)} requests:"]
        lines += [
            f"  {request.path} answered {request.status}, {request.messages} messages,"
            f" fault {request.fault} {request.reason}"
            for request in received[-10:]
        ]
        return "\n".join(lines)

    def _lines(self, path: str, **filters: str | None) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self._ask("GET", path, params=filters).content.splitlines()
        ]

    def _ask(self, method: str, path: str, **options: Any) -> Response:
        response = self._http.request(
            method, self.url + path, timeout=RESPONSE_TIMEOUT_SECONDS, **options
        )
        if not response.ok:
            raise ValueError(
                f"{method} {path} was answered {response.status_code}: {response.text}"
            )
        return response


def _summary(arrival: Arrival) -> str:
    message = arrival.message
    name = message.get("event") or message.get("type")
    return f"  {name} of {message.get('userId')}: {arrival.verdict} {arrival.reason}"


def _arrival(line: dict[str, Any]) -> Arrival:
    return Arrival(
        number=line["number"],
        request=line["request"],
        write_key=line["writeKey"],
        verdict=line["verdict"],
        reason=line["reason"],
        received_at=datetime.fromisoformat(line["receivedAt"]),
        timestamp=datetime.fromisoformat(line["timestamp"]),
        size=line["bytes"],
        message=line["message"],
    )


def _request(line: dict[str, Any]) -> ReceivedRequest:
    return ReceivedRequest(
        number=line["number"],
        received_at=datetime.fromisoformat(line["receivedAt"]),
        write_key=line["writeKey"],
        path=line["path"],
        status=line["status"],
        reason=line["reason"],
        messages=line["messages"],
        size=line["bytes"],
        fault=line["fault"],
        withheld=line["withheld"],
        headers=line["headers"],
    )
