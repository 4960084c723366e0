"""How the admin looks: names, colours and the menu."""

from typing import Any, Final

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "SMRT Segment integration",
    "SITE_HEADER": "SMRT Segment",
    "SHOW_HISTORY": True,
}
