"""The lists of messages: what waits, and what happened to each message."""

from smrt_integration.admin.messages import outbox, send_log, support_lists

__all__ = ["outbox", "send_log", "support_lists"]
