"""The admin that owners use. Django's autodiscovery imports this package."""

from smrt_integration.admin import (
    exports,
    imports,
    integration,
    keys,
    messages,
    programs,
    support,
    timeline,
)

__all__ = [
    "exports",
    "imports",
    "integration",
    "keys",
    "messages",
    "programs",
    "support",
    "timeline",
]
