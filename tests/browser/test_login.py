"""Logging in and out."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from customers.models import Business
from tests.browser.conftest import Visitor


def test_an_owner_logs_in_and_out(
    visitor: Visitor, page: Page, owner: User, business: Business
) -> None:
    visitor.log_in(owner)
    expect(page.get_by_role("heading", level=1)).to_have_text(business.name)

    visitor.open_menu()
    page.get_by_role("button", name=owner.username).click()
    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_title("Logged out | SMRT Segment integration")
    page.goto("/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_wrong_password_is_reported_and_lets_nobody_in(page: Page, owner: User) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(owner.username)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Please enter the correct username and password")).to_be_visible()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
