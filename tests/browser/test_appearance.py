"""Light or dark as the system or the user chooses, reduced motion, and pages without scripts."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page, expect

from customers.models import Business
from events.models import Integration
from tests.browser.conftest import Visitor

BRIGHTNESS = """() => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = getComputedStyle(document.body).backgroundColor;
  canvas.fillRect(0, 0, 1, 1);
  return Math.max(...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3));
}"""


def is_dark(page: Page) -> bool:
    return bool(page.evaluate(BRIGHTNESS) < 64)


@pytest.mark.parametrize(("prefers", "dark"), [("light", False), ("dark", True)])
def test_the_system_decides_until_the_user_chooses(
    open_browser: Callable[..., BrowserContext], prefers: str, dark: bool
) -> None:
    page = open_browser("desktop", color_scheme=prefers).new_page()
    page.goto("/")
    assert is_dark(page) == dark


def test_a_choice_is_remembered(
    visitor: Visitor, page: Page, owner: User, business: Business
) -> None:
    page.goto("/")
    page.get_by_role("button", name="Dark").click()
    assert is_dark(page)
    visitor.is_logged_in(owner)
    page.goto(reverse("admin:events_integration_change", args=[business.pk]))
    assert is_dark(page)
    visitor.open_menu()
    page.get_by_role("button", name=owner.username).click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Light").click()
    page.reload()
    assert not is_dark(page)


def test_nothing_moves_with_reduced_motion(open_browser: Callable[..., BrowserContext]) -> None:
    page = open_browser("desktop", reduced_motion="reduce").new_page()
    page.goto("/")
    longest = """Math.max(...[...document.querySelectorAll("*")].map(
      (element) => parseFloat(getComputedStyle(element).transitionDuration)))"""
    assert page.evaluate(longest) <= 0.00001


def test_without_scripts_one_can_log_in_and_save(
    open_browser: Callable[..., BrowserContext], owner: User, business: Business
) -> None:
    page = open_browser("desktop", java_script_enabled=False).new_page()
    Visitor(page).log_in(owner)
    page.goto(reverse("admin:events_integration_change", args=[business.pk]))
    page.get_by_label("Weekly customers", exact=True).fill("21")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert Integration.objects.get().weekly_limit == 21
