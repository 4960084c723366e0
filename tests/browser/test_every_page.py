"""Every page of the admin: complete, within its policy (`Watch`), and no wider than the screen, on a desktop and on a phone."""

from collections.abc import Callable, Iterator

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.urls import reverse
from playwright.sync_api import BrowserContext, Page

from customers.models import Customer
from devtools.chromium import SIZES
from events.models import Integration
from smrt_integration.delivery.deliver import Delivery
from tests.browser.conftest import Visitor
from tests.factories import OrderFactory, StopFactory


def addresses() -> Iterator[str]:
    yield reverse("admin:index")
    yield reverse("admin:password_change")
    for model, _ in sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label):
        yield from of_model(model)


def of_model(model: type[Model]) -> Iterator[str]:
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{page}_changelist")
    yield reverse(f"{page}_add")
    row = model._default_manager.first()
    if row is not None:
        # the last two look the same for all
        for name in ("change", "history", "delete") if model is Customer else ("change",):
            yield reverse(f"{page}_{name}", args=[row.pk])


def too_wide(page: Page) -> dict[str, int]:
    """By how many pixels the page has to be scrolled sideways, on which screens."""
    over = {}
    for name, (across, down) in SIZES.items():
        page.set_viewport_size({"width": across, "height": down})
        over[name] = page.evaluate("document.documentElement.scrollWidth") - across
    return {name: pixels for name, pixels in over.items() if pixels > 0}


def test_every_page_of_the_admin(
    open_browser: Callable[..., BrowserContext], integration: Integration, support: User
) -> None:
    order = OrderFactory.create(business=integration.business)
    StopFactory.create(customer=order.customer)
    Delivery().run()
    page = open_browser("desktop").new_page()
    Visitor(page).is_logged_in(support)
    found = {}
    for address in addresses():
        answer = page.goto(address)
        assert answer
        # 403: nobody, support included, may add or change what comes about by itself
        if answer.status not in {200, 403} or (answer.ok and too_wide(page)):
            found[address] = (answer.status, too_wide(page))
    assert found == {}
