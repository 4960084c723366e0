"""Usable by everybody: judged by axe-core's rules for WCAG 2 A and AA, in light and in dark, at both widths; and by the keyboard alone."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from playwright.sync_api import Page

from events.models import Integration
from tests.browser.conftest import Visitor

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}, "resultTypes": ["violations"]}


def grave(page: Page) -> list[str]:
    """What hinders people on this page, each with the elements it is about."""
    page.evaluate(AXE_SCRIPT)
    result: dict[str, Any] = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    return [
        f"{one['id']}: {one['help']}: {node['target']} {node['html'][:200]} {node.get('failureSummary', '')[:300]}"
        for one in result["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def in_both_lights(page: Page) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.reload()
        found += [f"{scheme}: {trouble}" for trouble in grave(page)]
    return found


def test_the_login_page(page: Page, support: User) -> None:
    page.goto("/admin/login/")
    assert in_both_lights(page) == []


def test_the_rules_are_applied(page: Page, support: User) -> None:
    page.goto("/admin/login/")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('h1 span').className = 'text-base-300'")
    assert sorted(trouble.split(":")[0] for trouble in grave(page)) == ["color-contrast", "label"]


PAGES = {
    "first page": "/admin/",
    "integration": "/admin/events/integration/{business}/change/",
    "send log": "/admin/events/sendlog/",
    "waiting": "/admin/events/outgoing/",
    "customers": "/admin/customers/customer/",
}


def test_support_pages(visitor: Visitor, page: Page, support: User, integration: Integration) -> None:
    visitor.is_logged_in(support)
    found = {}
    for name, address in PAGES.items():
        page.goto(address.format(business=integration.pk))
        found[name] = in_both_lights(page)
    assert {name: troubles for name, troubles in found.items() if troubles} == {}
