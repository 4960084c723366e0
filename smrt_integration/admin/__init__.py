"""The owner's admin: their integration, what waits, what was sent, the keys to the API. Django's autodiscovery imports this package."""

from smrt_integration.admin import integration, keys, messages, support, timeline

__all__ = ["integration", "keys", "messages", "support", "timeline"]
