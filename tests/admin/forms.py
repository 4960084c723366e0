"""Read a form from a page, as a browser would submit it."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.select = self.textarea = ""
        self.fields: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.inside = attributes.get("id") == self.form_id
        if not self.inside or "disabled" in attributes:
            return
        if tag in {"textarea", "select"}:
            self._begin(tag, attributes["name"])
        elif tag == "option" and "selected" in attributes:
            self._take(self.select, attributes.get("value", ""))
        elif (
            tag == "input"
            and attributes.get("name")
            and attributes.get("type") not in {"submit", "button"}
        ):
            if attributes.get("type") not in {"checkbox", "radio"}:
                self._take(attributes["name"], attributes.get("value") or "")
            elif "checked" in attributes:
                self._take(attributes["name"], attributes.get("value") or "on")

    def _begin(self, tag: str, name: str) -> None:
        if tag == "select":
            self.select = name
        else:
            self.textarea = name
            self._take(name, "")

    def _take(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self.textarea:
            # A browser leaves out the line break with which Django begins.
            self.fields[self.textarea][-1] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        self.textarea = "" if tag == "textarea" else self.textarea
        self.inside = self.inside and tag != "form"


def form_values(html: str, form_id: str) -> dict[str, Any]:
    """Return the values that a browser would submit without changes."""
    parser = _Fields(form_id)
    parser.feed(html)
    return {
        name: values if len(values) > 1 else values[0] for name, values in parser.fields.items()
    }
