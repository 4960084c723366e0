"""Decide whether Segment keeps or drops a message of a request answered 200. No I/O, no clock."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from devtools.segment_stub.envelope import MAX_MESSAGE_BYTES, MESSAGE_TYPES, PostedMessage

Verdict = Literal["accepted", "dropped"]

MAX_MESSAGES: Final = 2_500
"""Segment's limit for one request (contract, section 4): it answers 200 and drops all messages."""

MAX_MESSAGE_ID_LENGTH: Final = 100
"""Segment documents fewer than 100 characters, its support says "limited to 100"."""

DUPLICATE_WINDOW: Final = timedelta(hours=24)
"""Segment promises at least 24 hours, across all of its customers (contract, section 4)."""

MAX_REMEMBERED_IDS: Final = 1_000_000
"""About 200 MB. The oldest go first: only more than a million messages a day hide a duplicate."""


class MessageIds:
    """The `messageId`s accepted in the last 24 hours, for all write keys together."""

    def __init__(self) -> None:
        self._accepted_at: OrderedDict[str, datetime] = OrderedDict()

    def is_duplicate(self, message: Mapping[str, Any], now: datetime) -> bool:
        """Return whether the `messageId` is known, and remember it.

        Segment creates an id for a message without one, so such a message is no duplicate.
        """
        message_id = message.get("messageId")
        if not message_id:
            return False
        self._forget_before(now - DUPLICATE_WINDOW)
        key = str(message_id)
        if key in self._accepted_at:
            return True
        self._accepted_at[key] = now
        if len(self._accepted_at) > MAX_REMEMBERED_IDS:
            self._accepted_at.popitem(last=False)
        return False

    def _forget_before(self, moment: datetime) -> None:
        while self._accepted_at and next(iter(self._accepted_at.values())) <= moment:
            self._accepted_at.popitem(last=False)


def reason_to_drop(posted: PostedMessage, messages_in_request: int) -> str:
    """Return why Segment drops a message, or "" if it keeps it unless it is a duplicate."""
    if messages_in_request > MAX_MESSAGES:
        return (
            f"The request has {messages_in_request:,} messages, over the limit of {MAX_MESSAGES:,}."
        )
    if posted.size > MAX_MESSAGE_BYTES:
        return f"The message is {posted.size:,} bytes, over the limit of {MAX_MESSAGE_BYTES:,}."
    return _reason_in_fields(posted.message)


def _reason_in_fields(message: Mapping[str, Any]) -> str:
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in MESSAGE_TYPES:
        return "The message has no valid type."
    if kind == "track" and not _is_text(message.get("event")):
        return "The track has no event name."
    if not (_is_id(message.get("userId")) or _is_id(message.get("anonymousId"))):
        return "The message has neither userId nor anonymousId."
    if len(str(message.get("messageId") or "")) > MAX_MESSAGE_ID_LENGTH:
        return f"The messageId is longer than {MAX_MESSAGE_ID_LENGTH} characters."
    return ""


def duplicate_reason(message: Mapping[str, Any]) -> str:
    return f"A message with messageId {message.get('messageId')} was accepted in the last 24 hours."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_id(value: object) -> bool:
    return _is_text(value) or (isinstance(value, int | float) and not isinstance(value, bool))


def corrected_timestamp(
    received_at: datetime, sent_at: object, original_timestamp: object
) -> datetime:
    """Return `receivedAt - (sentAt - originalTimestamp)`, which corrects a sender's wrong clock.

    See the contract, section 4. Without a valid `originalTimestamp` the result is `receivedAt`,
    without a valid `sentAt` it is `originalTimestamp`.
    """
    original = _instant(original_timestamp)
    if original is None:
        return received_at
    sent = _instant(sent_at)
    try:
        return original if sent is None else received_at - (sent - original)
    except OverflowError:
        return received_at


def _instant(value: object) -> datetime | None:
    """Parse ISO 8601; UTC if there is no offset."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
