"""The way in."""

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor


def test_an_owner_logs_in_and_out(visitor: Visitor, page: Page, owner: User) -> None:
    visitor.log_in(owner)
    expect(page).to_have_title("Site administration | SMRT Segment integration")
