"""What a browser must never see on a page of ours."""

import os
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

from devtools.chromium import find_chromium

NO_BROWSER: Final = "No Chromium here, so nothing is tried in a real browser: install it (apt-get install chromium) or name it with CHROMIUM."


def chromium_path() -> str:
    """Of the browser to try pages in. Without one the test is skipped, or fails where BROWSER says that it is required."""
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("BROWSER") == "required" else pytest.skip)(NO_BROWSER)
    return path


# The console tells of violations too, but not of all kinds and not which directive.
TELL_VIOLATIONS: Final = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`${event.violatedDirective} forbids ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
"""


@dataclass
class Watch:
    """Collects what went wrong on the pages of a browser's context, whatever the test looked at."""

    origin: str
    troubles: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(TELL_VIOLATIONS)
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
        """A page may be refused, and says so; what a page consists of must be there."""
        if response.status >= (500 if response.request.resource_type == "document" else 400):
            self.troubles.append(f"{response.url} was answered {response.status}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.troubles.append(
                f"On the console of {message.page.url if message.page else 'a page'}: {message.text} ({message.location['url']})"
            )

    def _error(self, error: WebError) -> None:
        self.troubles.append(f"An error of a script: {error.error}")
