"""Usable by everybody: judged by axe-core's rules for WCAG 2 A and AA, in light and in dark, at both widths; and by the keyboard alone."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from customers.models import Business, Customer, Order
from events.models import Integration, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests.browser.conftest import Visitor
from tests.factories import ApiKeyFactory, OrderFactory
from tests.segment import SegmentStandIn

RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}


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


def in_both_lights(page: Page, width: str) -> list[str]:
    """In the dark on a desktop only: colours do not depend on the width."""
    page.emulate_media(reduced_motion="reduce")
    found = []
    for light in ("light", "dark") if width == "desktop" else ("light",):
        page.evaluate(
            "(light) => { document.documentElement.classList.toggle('dark', light === 'dark') }",
            light,
        )
        found += [f"{light}: {trouble}" for trouble in grave(page)]
    return found


def test_the_login_page(page: Page, width: str) -> None:
    page.goto("/admin/login/")
    assert in_both_lights(page, width) == []


def test_the_rules_are_applied(page: Page) -> None:
    page.goto("/admin/login/")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('h1 span').className = 'text-base-300'")
    assert sorted(trouble.split(":")[0] for trouble in grave(page)) == ["color-contrast", "label"]


def owners_pages(integration: Integration, customer: Customer, order: Order) -> dict[str, str]:
    entry = SendLog.objects.get(event="Order Created")
    waiting = Outgoing.objects.get(event="Order Ready")
    key = ApiKeyFactory.create(business=integration.business)
    return {
        "first page": reverse("admin:index"),
        "integration": reverse("admin:events_integration_change", args=[integration.pk]),
        "what becomes of what waits": reverse(
            "admin:events_integration_waiting", args=[integration.pk]
        ),
        "preview": reverse("admin:events_integration_preview", args=[integration.pk]),
        "send log": reverse("admin:events_sendlog_changelist"),
        "one message": reverse("admin:events_sendlog_change", args=[entry.pk]),
        "what waits": reverse("admin:events_outgoing_changelist"),
        "one that waits": reverse("admin:events_outgoing_change", args=[waiting.pk]),
        "customers": reverse("admin:customers_customer_changelist"),
        "one customer": reverse("admin:customers_customer_change", args=[customer.pk]),
        "ending the links to their account": reverse(
            "admin:customers_customer_links", args=[customer.pk]
        ),
        "their story": reverse("admin:customers_customer_timeline", args=[customer.pk]),
        "orders": reverse("admin:customers_order_changelist"),
        "one order": reverse("admin:customers_order_change", args=[order.pk]),
        "history": reverse("admin:events_integration_history", args=[integration.pk]),
        "API keys": reverse("admin:smrt_integration_apikey_changelist"),
        "whom a key is for": reverse("admin:smrt_integration_apikey_add"),
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
    found = {}
    for name, address in owners_pages(integration, customer, order).items():
        answer = page.goto(address)
        assert answer
        assert (name, answer.status) == (name, 200)
        assert page.evaluate("document.documentElement.lang") == "en-us"
        assert page.title().strip(" |") != "SMRT Segment integration", (
            f"{name} has no title of its own"
        )
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        found[name] = in_both_lights(page, width)
        if (
            over := page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        ) > 0:
            found[name].append(f"{over} pixels wider than the screen")
    troubled = [f"{name}, {trouble}" for name, troubles in found.items() for trouble in troubles]
    assert not troubled, "\n".join(troubled)


def test_the_page_that_shows_a_key(
    visitor: Visitor, page: Page, width: str, owner: User, business: Business
) -> None:
    visitor.is_logged_in(owner)
    page.goto(f"{reverse('admin:smrt_integration_apikey_add')}?client=website")
    page.get_by_label("Name").fill("Our site")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("The key", exact=True)).to_be_visible()

    assert in_both_lights(page, width) == []
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )


def test_a_refused_form_of_a_key(
    visitor: Visitor, page: Page, width: str, owner: User, business: Business
) -> None:
    visitor.is_logged_in(owner)
    page.goto(f"{reverse('admin:smrt_integration_apikey_add')}?client=website")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("alert")).to_contain_text("Give the key a name.")

    assert in_both_lights(page, width) == []
