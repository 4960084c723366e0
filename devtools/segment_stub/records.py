"""The record of a request and of a message, and their JSON."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from devtools.segment_stub.envelope import PostedMessage
from devtools.segment_stub.verdicts import Verdict, corrected_timestamp


@dataclass(slots=True, eq=False)
class ReceivedRequest:
    """One HTTP request to a tracking endpoint. `status` is None until it is answered.

    `withheld` is true while a fault keeps its messages from being accepted. `refused_ids` has the
    `messageId`s of a request answered 400.
    """

    number: int
    path: str
    received_at: datetime
    headers: dict[str, str]
    write_key: str = ""
    status: int | None = None
    messages: int = 0
    size: int = 0
    reason: str = ""
    fault: str | None = None
    withheld: bool = False
    refused_ids: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "receivedAt": iso(self.received_at),
            "writeKey": self.write_key,
            "path": self.path,
            "status": self.status,
            "reason": self.reason,
            "messages": self.messages,
            "bytes": self.size,
            "fault": self.fault,
            "withheld": self.withheld,
            "refusedIds": self.refused_ids,
            "headers": self.headers,
        }

    def line(self) -> bytes:
        return json.dumps(self.as_json()).encode()


@dataclass(slots=True, eq=False)
class ReceivedMessage:
    """One message of a request answered 200, kept as JSON: it takes a quarter of the memory."""

    number: int
    received: ReceivedRequest
    verdict: Verdict
    reason: str
    user_id: str
    original_timestamp: object
    sent_at: object
    raw: bytes
    size: int

    @property
    def write_key(self) -> str:
        return self.received.write_key

    def line(self, customer: str) -> bytes:
        """Return a JSON object on one line; `message` in it is byte for byte what was sent.

        `customer` is the name to show.
        """
        received_at = self.received.received_at
        head = {
            "number": self.number,
            "request": self.received.number,
            "writeKey": self.write_key,
            "verdict": self.verdict,
            "reason": self.reason,
            "receivedAt": iso(received_at),
            "timestamp": iso(
                corrected_timestamp(received_at, self.sent_at, self.original_timestamp)
            ),
            "bytes": self.size,
            "customer": customer,
        }
        return json.dumps(head)[:-1].encode() + b', "message": ' + self.raw + b"}"


def received_message(
    number: int, received: ReceivedRequest, sent_at: object, posted: PostedMessage, reason: str
) -> ReceivedMessage:
    """Return the record. `sent_at` is the request's; a message's own takes precedence."""
    message = posted.message
    return ReceivedMessage(
        number=number,
        received=received,
        verdict="dropped" if reason else "accepted",
        reason=reason,
        user_id=customer_id(message),
        original_timestamp=message.get("originalTimestamp") or message.get("timestamp"),
        sent_at=message.get("sentAt") or sent_at,
        raw=posted.raw,
        size=posted.size,
    )


def customer_id(message: dict[str, Any]) -> str:
    return str(message.get("userId") or message.get("anonymousId") or "")


def customer_name(message: dict[str, Any]) -> str:
    """Return the name or email of an identify, or ""."""
    traits = message.get("traits")
    if message.get("type") != "identify" or not isinstance(traits, dict):
        return ""
    return str(traits.get("name") or traits.get("email") or "")


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
