"""The name under which an identify stands in the outbox and the send log, among event names."""

from typing import Final

IDENTIFY: Final = "identify"
