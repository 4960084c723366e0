"""A client of the Segment stand-in, whose account of what it accepted survives the run."""

import json
from datetime import datetime
from typing import Any, Final

from requests import Response, Session

from chaos.evidence import Arrival, Refusal

TIMEOUT_SECONDS: Final = 30.0
"""The stand-in answers in milliseconds, but the machine is busy."""


class Receiver:
    """`url` is the address of the stand-in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = Session()
        self._http.trust_env = False

    def is_ready(self) -> bool:
        try:
            return self._http.get(self.url + "/businesses", timeout=1).ok
        except OSError:
            return False

    def add_fault(self, write_key: str, **spec: Any) -> None:
        """Add a fault, see `devtools.segment_stub.faults.parse_fault`."""
        self._ask("POST", "/faults", json={"write_key": write_key, **spec})

    def clear_faults(self, write_key: str | None = None) -> None:
        self._ask("DELETE", "/faults", params={"write_key": write_key} if write_key else {})

    def arrivals(self) -> list[Arrival]:
        """Return the accepted messages in the order in which they arrived."""
        lines = self._ask("GET", "/messages", params={"verdict": "accepted"}).content.splitlines()
        return [_arrival(json.loads(line)) for line in lines]

    def refusals(self) -> list[Refusal]:
        """Return the requests that were answered 400."""
        lines = map(json.loads, self._ask("GET", "/requests").content.splitlines())
        return [
            Refusal(
                line["writeKey"],
                datetime.fromisoformat(line["receivedAt"]),
                tuple(line["refusedIds"]),
            )
            for line in lines
            if line["status"] == 400
        ]

    def _ask(self, method: str, path: str, **options: Any) -> Response:
        response = self._http.request(method, self.url + path, timeout=TIMEOUT_SECONDS, **options)
        if not response.ok:
            raise ValueError(f"{method} {path} was answered {response.status_code}")
        return response


def _arrival(line: dict[str, Any]) -> Arrival:
    return Arrival(
        number=line["number"],
        at=datetime.fromisoformat(line["receivedAt"]),
        write_key=line["writeKey"],
        message=line["message"],
    )
