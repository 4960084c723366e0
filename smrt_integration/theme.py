"""How the admin looks: names, colours and the menu."""

from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static

from smrt_integration.menu import MENU


def _static(path: str) -> Any:
    """The address is known only once the files are collected."""
    return lambda _request: static(path)


def without_inline_style(_request: HttpRequest) -> dict[str, Any]:
    """The theme's colours are in smrt/colors.css: written into the page, as it would, the policy had to allow inline styles."""
    return {"colors": {}}


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "SMRT Segment integration",
    "SITE_HEADER": "SMRT Segment",
    "SITE_SYMBOL": "local_laundry_service",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("smrt/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    # there is nothing but the admin to go to
    "SITE_URL": None,
    "SCRIPTS": [_static("smrt/keyboard.js")],
    "STYLES": [_static("smrt/colors.css"), _static("smrt/owner.css")],
    "SIDEBAR": {"navigation": MENU},
    "DASHBOARD_CALLBACK": "smrt_integration.admin.home.page.dashboard",
    "GLOBAL_CALLBACK": "smrt_integration.theme.without_inline_style",
}
