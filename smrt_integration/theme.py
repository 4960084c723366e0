"""How the admin looks: names, colours and the menu."""

from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static

from smrt_integration.menu import MENU


def _static(path: str) -> Any:
    """Look up the address per request: it is known only once static files are collected."""
    return lambda _request: static(path)


def without_inline_style(_request: HttpRequest) -> dict[str, Any]:
    """Leave out the colours that the theme would write into each page as an inline style.

    The Content-Security-Policy forbids inline styles; the colours are in smrt/colors.css.
    """
    return {"colors": {}}


UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "SMRT Segment integration",
    "SITE_HEADER": "SMRT Segment",
    "SITE_SYMBOL": "local_laundry_service",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": _static("smrt/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
    # No "View site" link: the admin is the whole site.
    "SITE_URL": None,
    "SCRIPTS": [_static("smrt/keyboard.js"), _static("smrt/find.js"), _static("smrt/clock.js")],
    "STYLES": [_static("smrt/colors.css"), _static("smrt/owner.css"), _static("smrt/find.css")],
    "SIDEBAR": {"navigation": MENU},
    "DASHBOARD_CALLBACK": "smrt_integration.admin.home.page.dashboard",
    "GLOBAL_CALLBACK": "smrt_integration.theme.without_inline_style",
}
