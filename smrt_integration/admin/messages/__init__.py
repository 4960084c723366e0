"""What waits and what became of what was sent."""

from smrt_integration.admin.messages import plain, send_log, waiting

__all__ = ["plain", "send_log", "waiting"]
