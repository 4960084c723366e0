"""The admin that owners use. Django's autodiscovery imports this package."""

from smrt_integration.admin import integration, keys, messages, programs, support, timeline

__all__ = ["integration", "keys", "messages", "programs", "support", "timeline"]
