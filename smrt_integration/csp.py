"""The policy for browsers: our pages load nothing from elsewhere and run no injected script."""

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponseBase

CSP_SOURCES: Final = {
    "default-src": "'none'",
    # 'unsafe-eval': the theme's Alpine turns its attributes into functions. Alpine's own build for
    # strict policies does not read the arrow functions and globals in them. Scripts in a page and
    # handlers in attributes stay forbidden.
    "script-src": "'self' 'unsafe-eval'",
    "style-src": "'self'",
    # Alpine and the theme's templates set style attributes, mostly widths. Style sheets in a page
    # stay forbidden.
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CSP: Final = "; ".join(f"{directive} {sources}" for directive, sources in CSP_SOURCES.items())
PERMISSIONS_POLICY: Final = ", ".join(
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
    """Adds the policy to every response, unless the response has one of its own.

    Only the probes are outside of it, so files, redirects and errors get the policy too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", CSP)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response
