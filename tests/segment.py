"""The Segment stand-in as tests use it: a process of its own, spoken to over real HTTP."""

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
SECONDS_TO_START = 20.0
SECONDS_TO_STOP = 10.0
SECONDS_PER_ANSWER = 30.0
SECONDS_BETWEEN_LOOKS = 0.02

Verdict = Literal["accepted", "dropped"]
FaultKind = Literal[
    "status", "delay", "hang", "cut", "accept_then_timeout", "redirect", "refuse_messages"
]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message that Segment answered 200, with what it then did with it; `reason` is empty when it was accepted.

    `timestamp` is the one Segment computes, the message's own is in `message`; `size` is in bytes, as sent.
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
    """One HTTP request. `status` is None while, or because, it was not answered; `withheld` says that a fault kept its messages out."""

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
        """As the sender counts its attempts in `X-Retry-Count`; the first has no such header."""
        return int(self.headers.get("X-Retry-Count", "0"))


class SegmentStandIn:
    """Starts with the instance, and stops with `stop()`, at the end of a `with` block, or when this process dies."""

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
            line = self._process.stdout.readline() if selector.select(SECONDS_TO_START) else ""
        if not line:
            raise RuntimeError(
                f"The Segment stand-in was not ready within {SECONDS_TO_START:g} s (exit code {self._process.poll()})."
            )
        return line

    def stop(self) -> None:
        """Stopping twice is fine."""
        self._http.close()
        self._process.terminate()
        self._process.communicate(timeout=SECONDS_TO_STOP)

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
        """In the order they arrived."""
        return [
            _arrival(line)
            for line in self._lines("/messages", write_key=write_key, verdict=verdict)
        ]

    def accepted(self, write_key: str | None = None) -> list[dict[str, Any]]:
        """The messages themselves, as sent."""
        return [arrival.message for arrival in self.messages(write_key, "accepted")]

    def requests(self, write_key: str | None = None) -> list[ReceivedRequest]:
        """In the order they arrived, answered or not."""
        return [_request(line) for line in self._lines("/requests", write_key=write_key)]

    def fault(self, kind: FaultKind, write_key: str = "*", **spec: Any) -> None:
        """`spec` as in `faults.parse_fault`: times, status, retry_after, delay_ms, contains, location."""
        self._ask("POST", "/faults", json={"kind": kind, "write_key": write_key, **spec})

    def clear_faults(self, write_key: str | None = None) -> None:
        """Requests that the faults hold get their usual answer."""
        self._ask("DELETE", "/faults", params={"write_key": write_key})

    def reset(self) -> None:
        """As freshly started. Requests that a fault holds are cut, so nothing of an earlier test arrives in the next."""
        self._ask("POST", "/reset")

    def counts(self, write_key: str | None = None) -> Counter[str]:
        """How many messages arrived, without fetching them."""
        counts: Counter[str] = Counter(accepted=0, dropped=0)
        for business in self._ask("GET", "/businesses").json():
            if write_key in {None, business["writeKey"]}:
                counts.update(accepted=business["accepted"], dropped=business["dropped"])
        return counts

    def wait_for(
        self, count: int, write_key: str | None = None, timeout: float = 20.0
    ) -> list[Arrival]:
        """Waits until at least `count` messages were accepted, and returns those. Raises AssertionError that tells what arrived instead."""
        deadline = time.monotonic() + timeout
        while self.counts(write_key)["accepted"] < count:
            if time.monotonic() > deadline:
                raise AssertionError(self._what_arrived_instead(count, write_key, timeout))
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return self.messages(write_key, "accepted")

    def _what_arrived_instead(self, count: int, write_key: str | None, timeout: float) -> str:
        arrivals, received = self.messages(write_key), self.requests(write_key)
        lines = [
            f"Waited {timeout:g} s for {count} accepted messages of {write_key or 'any write key'}; {len(arrivals)} messages arrived:"
        ]
        lines += [_summary(arrival) for arrival in arrivals[-20:]]
        lines += [f"{len(received)} requests:"]
        lines += [
            f"  {one.path} answered {one.status}, {one.messages} messages, fault {one.fault} {one.reason}"
            for one in received[-10:]
        ]
        return "\n".join(lines)

    def _lines(self, path: str, **filters: str | None) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self._ask("GET", path, params=filters).content.splitlines()
        ]

    def _ask(self, method: str, path: str, **options: Any) -> Response:
        response = self._http.request(
            method, self.url + path, timeout=SECONDS_PER_ANSWER, **options
        )
        if not response.ok:
            raise ValueError(
                f"{method} {path} was answered {response.status_code}: {response.text}"
            )
        return response


def _summary(arrival: Arrival) -> str:
    message = arrival.message
    return f"  {message.get('event') or message.get('type')} of {message.get('userId')}: {arrival.verdict} {arrival.reason}"


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
