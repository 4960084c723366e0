"""A customer's browser without scripts, and what it shows."""

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
    """Return the path of the link that the business sends."""
    return "/account/" + account_link(customer.uuid, customer.link_version).rpartition("/")[2]


class Page(HTMLParser):
    """The words of a page, its links, and its forms as a browser would send them."""

    def __init__(self, response: Any) -> None:
        super().__init__()
        self.status: int = response.status_code
        self.path: str = response.request["PATH_INFO"]
        self.words = ""
        self.links: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.title = ""
        self._in = ""
        self.feed(response.content.decode())
        self.words = " ".join(self.words.split())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self._in = tag
        self.words += " "
        if tag == "form":
            self.forms.append({"action": values.get("action", "")})
        if tag in {"a", "link"} and "href" in values:
            self.links.append(values["href"])
        if tag == "input" and (values.get("type") != "checkbox" or "checked" in values):
            unset = "on" if values.get("type") == "checkbox" else ""
            self.forms[-1][values["name"]] = values.get("value", unset)

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "title":
            self.title += data
        self.words += data

    def form(self, *, with_field: str) -> dict[str, str]:
        """Return the form that has a field of that name."""
        return next(form for form in self.forms if with_field in form)


class Visitor:
    """A browser. It keeps cookies, follows redirects and sends the forms that it got."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.http = Client(enforce_csrf_checks=True, REMOTE_ADDR=address)

    def open(self, path: str) -> Page:
        return Page(self.http.get(path, follow=True))

    def log_in(self, customer: Customer) -> Page:
        return self.open(link_to(customer))

    def send(self, page: Page, form: dict[str, str], /, **values: str | None) -> Page:
        """Send a form filled in with `values`. None unticks a box."""
        fields = {
            name: value
            for name, value in (form | values).items()
            if value is not None and name != "action"
        }
        return Page(self.http.post(form["action"] or page.path, fields, follow=True))

    def fill_in(self, path: str, **values: str | None) -> Page:
        page = self.open(path)
        return self.send(page, page.form(with_field="account"), **values)


@pytest.fixture
def visitor(customer: Customer) -> Visitor:
    """The customer's browser, in which they have just opened their link."""
    visitor = Visitor()
    visitor.log_in(customer)
    return visitor


@pytest.fixture
def stranger(db: None) -> Visitor:
    """A browser in which no link was opened."""
    return Visitor()


DeliveredProperties = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def delivered(segment: Any, integration: Any) -> DeliveredProperties:
    """A function that delivers now. It returns the properties that Segment got for an event."""
    from smrt_integration.delivery.deliver import Delivery

    def properties(event: str) -> list[dict[str, Any]]:
        Delivery().run()
        return [
            message["properties"] for message in segment.accepted() if message.get("event") == event
        ]

    return properties
