"""The received requests, messages and counts, in bounded memory. No I/O, no clock."""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, takewhile
from typing import Any, Final

from devtools.segment_stub.envelope import Envelope, PostedMessage
from devtools.segment_stub.records import (
    ReceivedMessage,
    ReceivedRequest,
    customer_id,
    customer_name,
    received_message,
)
from devtools.segment_stub.verdicts import MessageIds, duplicate_reason, reason_to_drop

MAX_KEPT: Final = 100_000
"""Messages kept, and requests kept, so that a test can read all that it sent. The oldest are
dropped first."""

MAX_KEPT_BYTES: Final = 256 * 1024 * 1024
"""Bytes of messages: 100,000 messages at the size limit would take 3 GB."""

MAX_NAMES: Final = 100_000
"""Customers with a name, and write keys with counts: one for every message kept."""

MAX_PROBLEM_REQUESTS: Final = 30
"""Newest refused or faulty requests on the page; `GET /requests` has them all."""


@dataclass(slots=True)
class WriteKeyCounts:
    write_key: str
    name: str = ""
    accepted: int = 0
    dropped: int = 0

    def as_json(self) -> dict[str, str | int]:
        return {
            "writeKey": self.write_key,
            "name": self.name,
            "accepted": self.accepted,
            "dropped": self.dropped,
        }


class MessageStore:
    """The received requests, messages and counts.

    Numbers of requests and messages only grow, so `after=N` stays valid after a reset. The page
    follows `version`, which grows with every change, and `epoch`, which grows with every reset.
    """

    def __init__(self) -> None:
        self.version = 0
        self.epoch = 0
        self._next_request = 1
        self._next_message = 1
        self.businesses: OrderedDict[str, WriteKeyCounts] = OrderedDict()
        self._forget_messages()

    def _forget_messages(self) -> None:
        self._first_request = self._next_request
        self.requests: deque[ReceivedRequest] = deque(maxlen=MAX_KEPT)
        self.problem_requests: deque[ReceivedRequest] = deque(maxlen=MAX_PROBLEM_REQUESTS)
        self.messages: deque[ReceivedMessage] = deque()
        self._kept_bytes = 0
        self._ids = MessageIds()
        self._names: OrderedDict[tuple[str, str], str] = OrderedDict()

    def forget_messages(self) -> None:
        self._forget_messages()
        for business in self.businesses.values():
            business.accepted = business.dropped = 0
        self.epoch += 1
        self.version += 1

    def forget_everything(self) -> None:
        self.businesses.clear()
        self.forget_messages()

    def open_request(self, path: str, headers: dict[str, str], now: datetime) -> ReceivedRequest:
        received = ReceivedRequest(self._next_request, path, now, headers)
        self._next_request += 1
        self.requests.append(received)
        return received

    def request_changed(self, received: ReceivedRequest) -> None:
        """Update the page: a request met a fault, was answered or ended, perhaps after a reset."""
        self.version += 1
        is_problem = received.status != 200 or received.fault is not None
        if (
            is_problem
            and received.number >= self._first_request
            and received not in self.problem_requests
        ):
            self.problem_requests.append(received)

    def add_messages(self, received: ReceivedRequest, envelope: Envelope) -> None:
        """Keep the messages of a request that Segment answers 200, each with its verdict."""
        business = self.business(envelope.write_key)
        for posted in envelope.messages:
            reason = reason_to_drop(posted, len(envelope.messages)) or self._duplicate(
                posted, received.received_at
            )
            self._keep(
                received_message(self._next_message, received, envelope.sent_at, posted, reason)
            )
            if reason:
                business.dropped += 1
            else:
                business.accepted += 1
                self._learn_name(envelope.write_key, posted)
        self.version += 1

    def _duplicate(self, posted: PostedMessage, now: datetime) -> str:
        return (
            duplicate_reason(posted.message) if self._ids.is_duplicate(posted.message, now) else ""
        )

    def _keep(self, message: ReceivedMessage) -> None:
        self._next_message += 1
        self.messages.append(message)
        self._kept_bytes += len(message.raw)
        while len(self.messages) > MAX_KEPT or self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self.messages.popleft().raw)

    def _learn_name(self, write_key: str, posted: PostedMessage) -> None:
        name = customer_name(posted.message)
        if name:
            self._names[write_key, customer_id(posted.message)] = name
            _shrink(self._names)

    def business(self, write_key: str) -> WriteKeyCounts:
        if write_key not in self.businesses:
            self.businesses[write_key] = WriteKeyCounts(write_key)
            _shrink(self.businesses)
        return self.businesses[write_key]

    def name_business(self, write_key: str, name: str) -> WriteKeyCounts:
        business = self.business(write_key)
        business.name = name
        self.version += 1
        return business

    def line(self, message: ReceivedMessage) -> bytes:
        """Return a line of `GET /messages`, with the newest name of the customer."""
        return message.line(self._names.get((message.write_key, message.user_id), ""))

    def messages_after(self, number: int) -> list[ReceivedMessage]:
        """Return the later messages, oldest first, without reading the earlier ones."""
        newest_first = takewhile(lambda message: message.number > number, reversed(self.messages))
        return list(newest_first)[::-1]

    def newest(self, count: int, after: int) -> list[ReceivedMessage]:
        newest_first = takewhile(
            lambda message: message.number > after, islice(reversed(self.messages), count)
        )
        return list(newest_first)[::-1]


def _shrink(table: "OrderedDict[Any, Any]") -> None:
    while len(table) > MAX_NAMES:
        table.popitem(last=False)
