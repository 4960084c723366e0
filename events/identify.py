"""The name of an identify where the outbox and the send log have the name of an event."""

from typing import Final

IDENTIFY: Final = "identify"
