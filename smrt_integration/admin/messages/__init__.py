"""What waits and what became of what was sent."""

from smrt_integration.admin.messages import outbox, send_log, support_lists

__all__ = ["outbox", "send_log", "support_lists"]
