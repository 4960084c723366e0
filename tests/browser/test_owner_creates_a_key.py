"""An owner creates an API key, sees it once, has the point of sale call with it, and revokes it."""

from collections.abc import Callable

import pytest
import requests
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Error, Page, expect

from customers.models import Business
from smrt_integration.api.models import ApiKey
from tests.browser.conftest import Visitor
from tests.web import Web


def call(web: Web, secret: str) -> int:
    """As the point of sale does."""
    with requests.Session() as http:
        http.trust_env = False
        return http.get(
            f"{web.url}/api/v1/customers", headers={"Authorization": f"Bearer {secret}"}, timeout=10
        ).status_code


def test_an_owner_creates_a_key_that_works_until_it_is_revoked(
    visitor: Visitor, page: Page, web: Web, owner: User, business: Business
) -> None:
    visitor.log_in(owner)
    visitor.go_to("API keys")
    page.get_by_role("link", name="Add API key").first.click()
    page.get_by_role("link", name="Create a key for the point of sale").click()
    page.get_by_label("Name").fill("Till 1")
    expect(page.get_by_role("checkbox", name="Read customers")).to_be_checked()
    page.get_by_role(
        "checkbox", name="Change the Segment integration, including switching it off"
    ).uncheck()
    page.get_by_role("button", name="Create the key").click()

    expect(page.get_by_text("Copy the key now.")).to_be_visible()
    secret = page.get_by_label("The key", exact=True).input_value()
    assert call(web, secret) == 200
    assert secret not in page.url

    page.get_by_role("link", name="I have copied it").click()
    row = page.get_by_role("row").filter(has_text="Till 1")
    expect(row).to_contain_text("In use")
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    expect(page.get_by_text("ERR_CACHE_MISS")).to_be_visible()
    assert secret not in page.content()

    page.goto("/")
    visitor.go_to("API keys")
    page.get_by_role("link", name="Till 1").click()
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Create and change orders")).to_be_visible()
    assert call(web, secret) == 200
    page.get_by_role("button", name="Revoke the key").click()

    expect(page.get_by_text("Till 1 is revoked. Nobody can use it any more.")).to_be_visible()
    assert call(web, secret) == 401
    assert "integration:write" not in ApiKey.objects.get(business=business).scopes


def test_reloading_the_page_that_shows_a_key_shows_it_no_more(
    visitor: Visitor, page: Page, owner: User, business: Business
) -> None:
    visitor.is_logged_in(owner)
    page.goto("/admin/smrt_integration/apikey/add/?client=website")
    page.get_by_label("Name").fill("Our site")
    page.get_by_role("button", name="Create the key").click()
    secret = page.get_by_label("The key", exact=True).input_value()

    page.reload()

    expect(
        page.get_by_text("This key was created already, and we cannot show it again.")
    ).to_be_visible()
    assert secret not in page.content()
    assert ApiKey.objects.filter(business=business).count() == 1


def test_a_key_is_created_without_scripts_too(
    open_browser: Callable[..., BrowserContext], width: str, owner: User, business: Business
) -> None:
    page = open_browser(width, java_script_enabled=False).new_page()
    Visitor(page).is_logged_in(owner)
    page.goto("/admin/smrt_integration/apikey/add/")
    page.get_by_role("link", name="Create a key for the delivery app").click()
    page.get_by_label("Name").fill("Dan's phone")
    page.get_by_role("button", name="Create the key").click()

    assert page.get_by_label("The key", exact=True).input_value().startswith("smrt_app_")
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
