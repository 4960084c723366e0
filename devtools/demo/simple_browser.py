"""A browser without JavaScript: it opens pages, follows links and sends forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

from requests import Response

from devtools.demo.http_client import HttpClient, Refused, UnexpectedResponse

MAX_REDIRECTS: Final = 5
REDIRECTS: Final = {301, 302, 303}
VOID_TAGS: Final = {"input", "link", "meta", "br", "img", "hr"}


@dataclass
class Form:
    """A form. `fields` has the values in the page; None for a box that is not ticked."""

    action: str
    fields: dict[str, str | None] = field(default_factory=dict)

    def filled(self, entered: Mapping[str, str | bool]) -> dict[str, str]:
        """Return the data to send, with the hidden fields and the CSRF token."""
        if unknown := sorted(entered.keys() - self.fields.keys()):
            raise UnexpectedResponse(f"the form has no field {', '.join(unknown)}")
        values = {
            name: ("on" if value else None) if isinstance(value, bool) else value
            for name, value in entered.items()
        }
        return {name: value for name, value in (self.fields | values).items() if value is not None}


class Page(HTMLParser):
    """The visible parts of a page: those inside `main`, if it has one."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        """Addresses by link text."""
        self.sentences: list[str] = []
        """The text of each paragraph."""
        self.errors: list[str] = []
        """The errors of the form that was sent."""
        self._open: list[tuple[str, str]] = []
        self._text = self._href = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "main":
            self.forms, self.links, self.sentences = [], {}, []
        if tag == "form":
            self.forms.append(Form(values.get("action") or self.address))
        if tag == "input" and self.forms and "name" in values:
            ticked = values.get("type") != "checkbox" or "checked" in values
            self.forms[-1].fields[values["name"]] = (
                values.get("value", "on" if values.get("type") == "checkbox" else "")
                if ticked
                else None
            )
        if tag in {"a", "p", "li"}:
            self._text, self._href = "", values.get("href", self._href)
        if tag not in VOID_TAGS:
            self._open.append((tag, values.get("class", "")))

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag not in {name for name, _ in self._open}:
            return
        text = " ".join(self._text.split())
        if tag == "a":
            self.links[text] = self._href
        if tag == "p" and text:
            self.sentences.append(text)
        if tag == "li" and text and ("div", "errors") in self._open:
            self.errors.append(text)
        while self._open.pop()[0] != tag:
            pass

    def form(self) -> Form:
        """Return the first form. Raises Refused with the page's first sentence if there is none."""
        if not self.forms:
            raise Refused(self.first_sentence())
        return self.forms[0]

    def first_sentence(self) -> str:
        return self.sentences[0] if self.sentences else "The page has no text."


class SimpleBrowser:
    """The browser of one person: `with SimpleBrowser(...) as browser:` closes its connections."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def open(self, address: str) -> Page:
        return self._page(self._client.request("GET", _path(address)), address)

    def send(self, page: Page, entered: Mapping[str, str | bool], form: Form | None = None) -> Page:
        """Send a form. Returns the next page; raises Refused with the page's errors otherwise."""
        form = form or page.form()
        address = urljoin(page.address, form.action)
        # every browser sends it, and Django checks it against cross-site requests
        origin = {"Origin": self._client.base}
        response = self._client.request(
            "POST", _path(address), may_repeat=False, data=form.filled(entered), headers=origin
        )
        after = self._page(response, address)
        if response.status_code not in REDIRECTS:
            raise Refused(" ".join(after.errors) or after.first_sentence())
        return after

    def _page(self, response: Response, address: str) -> Page:
        for _ in range(MAX_REDIRECTS):
            if response.status_code not in REDIRECTS:
                break
            address = urljoin(address, response.headers["Location"])
            response = self._client.request("GET", _path(address))
        page = Page(address, response.text)
        if response.status_code >= 400:
            raise Refused(page.first_sentence())
        return page

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.http.close()


def _path(address: str) -> str:
    """Return the path only: a link has the public address, and the demo calls the server itself."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
