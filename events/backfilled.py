"""The mark of messages that are sent later than their events happened, by a backfill or again.

Pure. The mark is one of the facts, so it stays with the message in the outbox, among the held
tracks, and in the send log for a resend.
"""

from collections.abc import Mapping
from typing import Any, Final

BACKFILLED: Final = "backfilled"
"""The fact, and the property of the message."""
AS_SENT: Final = "as_sent"
"""The fact that holds the properties of a message that was sent before."""


def marked(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts with the mark."""
    return {**facts, BACKFILLED: True}


def sent_before(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a message that goes out again with these properties."""
    return marked({AS_SENT: dict(properties)})


def is_backfilled(facts: Mapping[str, Any]) -> bool:
    return BACKFILLED in facts
