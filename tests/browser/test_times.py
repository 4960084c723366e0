"""Fields for days are on the business's clock, wherever the browser is."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, expect

from customers.models import Business
from tests.browser.conftest import Visitor


@pytest.mark.parametrize("browser_s", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_today_is_the_business_s_day_and_no_note_speaks_of_a_server(
    open_browser: Callable[..., BrowserContext], business: Business, owner: User, browser_s: str
) -> None:
    page = open_browser("desktop", timezone_id=browser_s).new_page()
    Visitor(page).is_logged_in(owner)
    page.goto("/admin/customers/pickuprequest/add/")
    page.locator("#calendarlink0").click()
    page.locator("#calendarbox0").get_by_role("link", name="Today", exact=True).click()
    expect(page.locator("#id_pickup_date")).to_have_value(str(business.today()))
    expect(page.get_by_text("server time")).to_have_count(0)
    expect(page.get_by_text(f"time zone {business.time_zone}")).to_have_count(1)


def test_before_a_business_is_chosen_nobody_offers_today(
    open_browser: Callable[..., BrowserContext], business: Business, support: User
) -> None:
    page = open_browser("phone", timezone_id="Asia/Tokyo").new_page()
    Visitor(page).is_logged_in(support)
    page.goto("/admin/customers/pickuprequest/add/")
    page.locator("#calendarlink0").click()
    expect(page.locator("#calendarbox0")).to_be_visible()
    expect(page.locator("#calendarbox0").get_by_text("Today", exact=True)).to_be_hidden()
    expect(page.get_by_text("server time")).to_have_count(0)
