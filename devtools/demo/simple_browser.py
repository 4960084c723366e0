"""A browser without JavaScript: it opens a page, fills in the form that it finds there, sends it and goes where it is sent."""

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
    """`fields`: with what stands in them; None for a box that is not ticked."""

    action: str
    fields: dict[str, str | None] = field(default_factory=dict)

    def filled(self, entered: Mapping[str, str | bool]) -> dict[str, str]:
        """What is sent, hidden fields and the CSRF token included."""
        if unknown := sorted(entered.keys() - self.fields.keys()):
            raise UnexpectedResponse(f"the form has no field {', '.join(unknown)}")
        said = {
            name: ("on" if value else None) if isinstance(value, bool) else value
            for name, value in entered.items()
        }
        return {name: value for name, value in (self.fields | said).items() if value is not None}


class Page(HTMLParser):
    """What of a page matters to who reads it: inside `main`, or everywhere when it has none."""

    def __init__(self, address: str, html: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        """Addresses, by what stands on them."""
        self.sentences: list[str] = []
        """Of paragraphs."""
        self.errors: list[str] = []
        """What is wrong with the form that was sent."""
        self._open: list[tuple[str, str]] = []
        self._text = self._href = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "main":
            self.forms, self.links, self.sentences = [], {}, []
        if tag == "form":
            self.forms.append(Form(said.get("action") or self.address))
        if tag == "input" and self.forms and "name" in said:
            ticked = said.get("type") != "checkbox" or "checked" in said
            self.forms[-1].fields[said["name"]] = (
                said.get("value", "on" if said.get("type") == "checkbox" else "")
                if ticked
                else None
            )
        if tag in {"a", "p", "li"}:
            self._text, self._href = "", said.get("href", self._href)
        if tag not in VOID_TAGS:
            self._open.append((tag, said.get("class", "")))

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
        """Raises Refused with what the page says instead of asking anything."""
        if not self.forms:
            raise Refused(self.first_sentence())
        return self.forms[0]

    def first_sentence(self) -> str:
        return self.sentences[0] if self.sentences else "The page says nothing."


class SimpleBrowser:
    """Of one person, from their coming to their leaving: `with Browser(...) as browser:`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def open(self, address: str) -> Page:
        return self._page(self._client.request("GET", _path(address)), address)

    def send(self, page: Page, entered: Mapping[str, str | bool], form: Form | None = None) -> Page:
        """The page that follows. Raises Refused with the page's complaint when nothing came of it."""
        form = form or page.form()
        address = urljoin(page.address, form.action)
        # As every browser does, and by which Django tells our own forms from foreign ones.
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
    """A link names the installation by its public address, and we call the server itself."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
