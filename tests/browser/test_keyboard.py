"""Owners can do everything with the keyboard alone, and the focus is always visible."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from customers.models import Business
from events.models import Integration
from tests.browser.conftest import Visitor
from tests.conftest import WRITE_KEY

MAX_TABS = 150
IS_FOCUSED = "(element) => element === document.activeElement"
# Between the last element and the first, the document itself has the focus.
FOCUS_IS_VISIBLE = """() => {
  if (document.activeElement === document.body) return true;
  const style = getComputedStyle(document.activeElement);
  const hasOutline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return hasOutline || style.boxShadow !== "none";
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    for _ in range(MAX_TABS):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_VISIBLE), (
            "Nothing shows that this has the focus: "
            + page.evaluate("document.activeElement.outerHTML")
        )
        if wanted.evaluate(IS_FOCUSED):
            return
    raise AssertionError(f"Not reached with {MAX_TABS} tabs: {wanted}")


@pytest.fixture
def integration_page(visitor: Visitor, page: Page, owner: User, business: Business) -> Page:
    visitor.is_logged_in(owner)
    page.goto(reverse("admin:events_integration_change", args=[business.pk]))
    return page


def test_the_first_link_skips_the_menu(integration_page: Page) -> None:
    skip = integration_page.get_by_role("link", name="Skip to main content")
    integration_page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    integration_page.keyboard.press("Enter")
    expect(integration_page.get_by_role("main")).to_be_focused()


def test_switching_on(integration_page: Page) -> None:
    tab_to(integration_page, integration_page.get_by_role("switch", name="Send to Segment"))
    integration_page.keyboard.press("Space")
    tab_to(integration_page, integration_page.get_by_label("Write key"))
    integration_page.keyboard.type(WRITE_KEY)
    tab_to(integration_page, integration_page.get_by_role("button", name="Save", exact=True))
    integration_page.keyboard.press("Enter")

    expect(integration_page.get_by_role("status").get_by_text("Saved.")).to_be_visible()
    assert Integration.objects.values_list("enabled", "write_key").get() == (True, WRITE_KEY)


def test_the_account_and_logging_out(integration_page: Page, width: str, owner: User) -> None:
    if width == "phone":
        tab_to(integration_page, integration_page.get_by_role("button", name="Menu", exact=True))
        integration_page.keyboard.press("Enter")
        expect(integration_page.get_by_role("navigation")).to_be_in_viewport()
        integration_page.evaluate("document.activeElement.blur()")
    tab_to(integration_page, integration_page.get_by_role("button", name=owner.username))
    integration_page.keyboard.press("Enter")
    log_out = integration_page.get_by_role("button", name="Log out")
    expect(log_out).to_be_visible()
    integration_page.keyboard.press("Escape")
    expect(log_out).to_be_hidden()
    integration_page.keyboard.press("Enter")
    expect(log_out).to_be_visible()
    integration_page.keyboard.press("Shift+Tab")
    expect(log_out).to_be_focused()
    integration_page.keyboard.press("Enter")
    expect(integration_page).to_have_title("Logged out | SMRT Segment integration")
