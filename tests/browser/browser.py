"""What no page of ours may do in a browser, whatever a test looks at."""

import os
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

from devtools.chromium import find_chromium

NO_BROWSER: Final = (
    "No browser tests: Chromium is missing. Install it (apt-get install chromium) or set CHROMIUM "
    "to its path."
)


def chromium_path() -> str:
    """Return the browser's path. Without one, skip the test, or fail if BROWSER=required."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("BROWSER") == "required" else pytest.skip)(NO_BROWSER)
    return path


# The console shows violations too, but not all kinds, and not the directive.
LOG_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile}:${event.lineNumber} ${event.sample}`;
  console.error(`${event.violatedDirective} forbids ${event.blockedURI} ${where}`);
});
"""


@dataclass
class Watch:
    """Collects the troubles on all pages of a browser context."""

    origin: str
    troubles: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(LOG_VIOLATIONS)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", self._error)

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in {
            "http",
            "https",
            "ws",
            "wss",
        } and not request.url.startswith(f"{self.origin}/"):
            self.troubles.append(f"A request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        """Report a page with an error of ours, and a missing file of a page."""
        if response.status >= (500 if response.request.resource_type == "document" else 400):
            self.troubles.append(f"{response.url} was answered {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            page = message.page.url if message.page else "a page"
            self.troubles.append(
                f"On the console of {page}: {message.text} ({message.location['url']})"
            )

    def _error(self, error: WebError) -> None:
        self.troubles.append(f"An error of a script: {error.error}")
