"""The owner's admin: their integration, what waits, what was sent. Django's autodiscovery imports this package."""

from smrt_integration.admin import integration, messages, story, support

__all__ = ["integration", "messages", "story", "support"]
