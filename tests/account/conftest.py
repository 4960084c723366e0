"""Customers at the browser, and what they see there."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from customers.links import account_link
from customers.models import Customer
from tests.events.conftest import business, customer, integration

__all__ = ["business", "customer", "integration"]


def link_to(customer: Customer) -> str:
    """The path of the link that the business sends."""
    return "/account/" + account_link(customer.uuid, customer.link_version).rpartition("/")[2]


class Page(HTMLParser):
    """What is on a page: its words, its links, and its forms as a browser would send them."""

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.status: int = answer.status_code
        self.path: str = answer.request["PATH_INFO"]
        self.words, self.links, self.forms = "", [], []  # type: str, list[str], list[dict[str, str]]
        self.title = ""
        self._in = ""
        self.feed(answer.content.decode())
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        self._in = tag
        self.words += " "
        if tag == "form":
            self.forms.append({"action": said.get("action", "")})
        if tag in {"a", "link"} and "href" in said:
            self.links.append(said["href"])
        if tag == "input" and (said.get("type") != "checkbox" or "checked" in said):
            self.forms[-1][said["name"]] = said.get(
                "value", "on" if said.get("type") == "checkbox" else ""
            )

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        self.words += data

    def form(self, *, having: str) -> dict[str, str]:
        """The form with a field of that name."""
        return next(form for form in self.forms if having in form)


class Visitor:
    """Somebody's browser. It keeps cookies, follows redirects, and sends the forms that it got."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.http = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)

    def open(self, path: str) -> Page:
        return Page(self.http.get(path, follow=True))

    def come_in(self, customer: Customer) -> Page:
        return self.open(link_to(customer))

    def send(self, page: Page, form: dict[str, str], /, **said: str | None) -> Page:
        """As a browser sends a form that is filled in so; None for a box that is not ticked."""
        fields = {
            name: value
            for name, value in (form | said).items()
            if value is not None and name != "action"
        }
        return Page(self.http.post(form["action"] or page.path, fields, follow=True))

    def fill_in(self, path: str, **said: str | None) -> Page:
        page = self.open(path)
        return self.send(page, page.form(having="account"), **said)


@pytest.fixture
def visitor(customer: Customer) -> Visitor:
    """The customer, who has just opened their link."""
    visitor = Visitor()
    visitor.come_in(customer)
    return visitor


@pytest.fixture
def stranger(db: None) -> Visitor:
    return Visitor()


Told = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def told(segment: Any, integration: Any) -> Told:
    """What Segment is told once everything that waits was delivered: the properties of the events of a name."""
    from smrt_integration.delivery.deliver import Delivery

    def properties(event: str) -> list[dict[str, Any]]:
        Delivery().run()
        return [
            message["properties"] for message in segment.accepted() if message.get("event") == event
        ]

    return properties
