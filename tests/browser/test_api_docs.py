"""The API's documentation, and a call made from it, with nothing from other hosts."""

from playwright.sync_api import Page, expect

from customers.models import Business
from smrt_integration.api.models import ApiKey
from smrt_integration.api.scopes import Client
from tests.factories import AgentFactory


def test_a_call_is_tried_with_a_key(page: Page, business: Business) -> None:
    AgentFactory.create(business=business, name="Corner Store")
    key = ApiKey.issue(business, Client.POS, "Till 1")[1]

    page.goto("/api/v1/docs")
    expect(page.get_by_role("heading", name="SMRT")).to_be_visible()
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("auth-bearer-value").fill(key)
    page.get_by_role("button", name="Apply credentials").click()
    page.get_by_role("button", name="Close").click()
    # The first operation: list the agents.
    page.locator("#operations-agents-agents_list .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()

    expect(page.locator(".live-responses-table .response").first).to_contain_text("Corner Store")
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate(
        "document.documentElement.clientWidth"
    )
