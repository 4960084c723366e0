"""How the admin looks: names, colours and the menu."""

from typing import Any, Final

from django.http import HttpRequest
from django.templatetags.static import static

from smrt_integration.menu import MENU


def _static(path: str) -> Any:
    """Look up the address per request: it is known only once static files are collected."""
    return lambda _request: static(path)


def for_every_page(request: HttpRequest) -> dict[str, Any]:
    """Return what is in the box at the top, and no colours.

    The theme would write these into each page as an inline style, which the
    Content-Security-Policy forbids. They are in smrt/colors.css.
    """
    return {"colors": {}, "find_typed": request.GET.get("s", "")}


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
    "GLOBAL_CALLBACK": "smrt_integration.theme.for_every_page",
}
