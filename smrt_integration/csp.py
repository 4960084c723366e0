"""What a browser may do with our pages: nothing that comes from elsewhere, and nothing written into a page by somebody else."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

SOURCES: Final = {
    "default-src": "'none'",
    # 'unsafe-eval': the theme's Alpine turns its attributes into functions, with arrow functions and globals in them, which Alpine's own
    # build for such policies does not read. Scripts written into a page, and handlers in attributes, stay forbidden.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self'",
    # Alpine and the theme's templates set attributes, widths mostly; whole style sheets written into a page stay forbidden.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
POLICY: Final = "; ".join(f"{directive} {allowed}" for directive, allowed in SOURCES.items())
PERMISSIONS: Final = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


class ContentSecurityPolicy:
    """Middleware, the outermost: files, redirects and errors carry the policy too. An answer that has one of its own keeps it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
