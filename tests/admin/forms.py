"""A form as a browser has it: what the page shows, to be sent back with changes."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.inside = False
        self.select = ""
        self.fields: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not self.inside or "disabled" in given:
            return
        if tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self._take(self.select, given.get("value", ""))
        elif tag == "input" and given.get("name") and given.get("type") not in {"submit", "button"}:
            if given.get("type") not in {"checkbox", "radio"}:
                self._take(given["name"], given.get("value") or "")
            elif "checked" in given:
                self._take(given["name"], given.get("value") or "on")

    def _take(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "form"


def shown(html: str, form_id: str) -> dict[str, Any]:
    """What a browser would send back unchanged."""
    found = _Fields(form_id)
    found.feed(html)
    return {name: values if len(values) > 1 else values[0] for name, values in found.fields.items()}
