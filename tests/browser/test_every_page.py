"""Every page of the admin loads without troubles (`Watch`) and fits a desktop and a phone."""

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
    for model, _ in sorted(admin.site._registry.items(), key=lambda item: item[0]._meta.label):
        yield from of_model(model)


def of_model(model: type[Model]) -> Iterator[str]:
    page = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{page}_changelist")
    yield reverse(f"{page}_add")
    row = model._default_manager.first()
    if row is not None:
        # History and delete look the same for all models.
        for name in ("change", "history", "delete") if model is Customer else ("change",):
            yield reverse(f"{page}_{name}", args=[row.pk])


def too_wide(page: Page) -> dict[str, int]:
    """Return by how many pixels the page is wider than each screen."""
    excess = {}
    for name, (across, down) in SIZES.items():
        page.set_viewport_size({"width": across, "height": down})
        excess[name] = page.evaluate("document.documentElement.scrollWidth") - across
    return {name: pixels for name, pixels in excess.items() if pixels > 0}


def test_every_page_of_the_admin(
    open_browser: Callable[..., BrowserContext], integration: Integration, support: User
) -> None:
    order = OrderFactory.create(business=integration.business)
    StopFactory.create(customer=order.customer)
    Delivery().run()
    page = open_browser("desktop").new_page()
    Visitor(page).is_logged_in(support)
    wrong = {}
    for address in addresses():
        response = page.goto(address)
        assert response
        # 403: not even support may add or change what the system records.
        if response.status not in {200, 403} or (response.ok and too_wide(page)):
            wrong[address] = (response.status, too_wide(page))
    assert wrong == {}
