"""Accessible pages: axe-core's rules for WCAG 2 A and AA, in light and dark, at both widths."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from customers.models import Business, Customer, Order
from events.models import Integration, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests.browser.conftest import Visitor
from tests.factories import ApiKeyFactory, ExportFactory, OrderFactory
from tests.segment import SegmentStandIn

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}


def serious_violations(page: Page) -> list[str]:
    """Return the serious violations on this page, each with its element."""
    page.evaluate(AXE_SCRIPT)
    result: dict[str, Any] = page.evaluate("(rules) => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:200]} "
        f"{node.get('failureSummary', '')[:300]}"
        for violation in result["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def violations_in_both_modes(page: Page, width: str) -> list[str]:
    """Check the dark mode on a desktop only: colours do not depend on the width."""
    page.emulate_media(reduced_motion="reduce")
    violations = []
    for mode in ("light", "dark") if width == "desktop" else ("light",):
        page.evaluate(
            "(mode) => { document.documentElement.classList.toggle('dark', mode === 'dark') }",
            mode,
        )
        violations += [f"{mode}: {violation}" for violation in serious_violations(page)]
    return violations


def test_the_login_page(page: Page, width: str) -> None:
    page.goto("/admin/login/")
    assert violations_in_both_modes(page, width) == []


def test_the_rules_are_applied(page: Page) -> None:
    page.goto("/admin/login/")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('h1 span').className = 'text-base-300'")
    assert sorted(violation.split(":")[0] for violation in serious_violations(page)) == [
        "color-contrast",
        "label",
    ]


def owners_pages(integration: Integration, customer: Customer, order: Order) -> dict[str, str]:
    entry = SendLog.objects.get(event="Order Created")
    waiting = Outgoing.objects.get(event="Order Ready")
    key = ApiKeyFactory.create(business=integration.business)
    export = ExportFactory.create(business=integration.business)
    return {
        "home": reverse("admin:index"),
        "integration": reverse("admin:events_integration_change", args=[integration.pk]),
        "send or discard waiting events": reverse(
            "admin:events_integration_waiting", args=[integration.pk]
        ),
        "preview": reverse("admin:events_integration_preview", args=[integration.pk]),
        "send log": reverse("admin:events_sendlog_changelist"),
        "one message": reverse("admin:events_sendlog_change", args=[entry.pk]),
        "exports": reverse("admin:smrt_integration_export_changelist"),
        "one export": reverse("admin:smrt_integration_export_change", args=[export.pk]),
        "outbox": reverse("admin:events_outgoing_changelist"),
        "one waiting message": reverse("admin:events_outgoing_change", args=[waiting.pk]),
        "customers": reverse("admin:customers_customer_changelist"),
        "one customer": reverse("admin:customers_customer_change", args=[customer.pk]),
        "ending their account links": reverse("admin:customers_customer_links", args=[customer.pk]),
        "their timeline": reverse("admin:customers_customer_timeline", args=[customer.pk]),
        "orders": reverse("admin:customers_order_changelist"),
        "one order": reverse("admin:customers_order_change", args=[order.pk]),
        "history": reverse("admin:events_integration_history", args=[integration.pk]),
        "API keys": reverse("admin:smrt_integration_apikey_changelist"),
        "choosing the program of a key": reverse("admin:smrt_integration_apikey_add"),
        "what a key may do": f"{reverse('admin:smrt_integration_apikey_add')}?client=pos",
        "one key": reverse("admin:smrt_integration_apikey_change", args=[key.pk]),
        "what revoking stops": reverse("admin:smrt_integration_apikey_revoke", args=[key.pk]),
    }


def test_the_owners_pages(
    visitor: Visitor,
    page: Page,
    width: str,
    owner: User,
    integration: Integration,
    customer: Customer,
    segment: SegmentStandIn,
) -> None:
    order = OrderFactory.create(business=integration.business, customer=customer)
    Delivery().run()
    order.mark_ready()
    visitor.is_logged_in(owner)
    violations: dict[str, list[str]] = {}
    for name, address in owners_pages(integration, customer, order).items():
        response = page.goto(address)
        assert response
        assert (name, response.status) == (name, 200)
        assert page.evaluate("document.documentElement.lang") == "en-us"
        assert page.title().strip(" |") != "SMRT Segment integration", (
            f"{name} has no title of its own"
        )
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        violations[name] = violations_in_both_modes(page, width)
        if (
            excess := page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        ) > 0:
            violations[name].append(f"{excess} pixels wider than the screen")
    lines = [f"{name}, {violation}" for name, found in violations.items() for violation in found]
    assert not lines, "\n".join(lines)


def test_the_page_that_shows_a_key(
    visitor: Visitor, page: Page, width: str, owner: User, business: Business
) -> None:
    visitor.is_logged_in(owner)
    page.goto(f"{reverse('admin:smrt_integration_apikey_add')}?client=website")
    page.get_by_label("Name").fill("Our site")
    page.get_by_role("button", name="Create the key").click()
    expect(page.get_by_label("The key", exact=True)).to_be_visible()

    assert violations_in_both_modes(page, width) == []
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )


def test_the_form_of_a_key_with_errors(
    visitor: Visitor, page: Page, width: str, owner: User, business: Business
) -> None:
    visitor.is_logged_in(owner)
    page.goto(f"{reverse('admin:smrt_integration_apikey_add')}?client=website")
    page.get_by_role("button", name="Create the key").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the key a name.")

    assert violations_in_both_modes(page, width) == []
