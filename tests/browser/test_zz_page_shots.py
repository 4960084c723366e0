from datetime import timedelta
import pytest
from django.utils import timezone
from tests.browser.conftest import *
from tests.browser.conftest import chromium, server, web, watch, open_browser, width, visitor, page
from tests.conftest import WRITE_KEY
from tests.delivery.scene import add_visits
from tests.factories import *
from customers.models import Order, NewItem
from events.models import *
from smrt_integration.delivery.deliver import Delivery
from decimal import Decimal

@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_shots(open_browser, web, owner, business, customer, segment, width, scheme):
    integration = Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    Order.create(customer, items=[NewItem("Shirt", Decimal(12))])
    Delivery().run()
    from tests.admin.conftest import logged_in
    from django.contrib.auth.models import Permission
    owner.user_permissions.add(*Permission.objects.filter(content_type__app_label__in=['events','customers']))
    context = open_browser(width, color_scheme=scheme)
    page = context.new_page()
    cookie = logged_in(owner).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": web.url}])
    def shot(name, full=True):
        page.screenshot(path=f"/tmp/page/{name}-{width}-{scheme}.png", full_page=full)
    base = f"{web.url}/admin/events/integration/{business.pk}"
    page.goto(f"{web.url}/admin/events/integration/"); page.wait_for_timeout(300)
    shot("page")
    page.get_by_role("button", name="Send a test event").click(); page.wait_for_timeout(300)
    shot("tested", full=False)
    page.goto(f"{base}/preview/"); page.wait_for_timeout(200); shot("preview")
    # stopped
    segment.fault("status", status=401)
    add_visits(3, customer); Outgoing.objects.filter(pk__lte=Outgoing.objects.order_by("pk")[1].pk).update(occurred_at=timezone.now() - timedelta(days=2))
    Delivery().run()
    page.goto(f"{base}/change/"); page.wait_for_timeout(200); shot("stopped", full=False)
    page.goto(f"{base}/waiting/"); page.wait_for_timeout(200); shot("waiting")
    page.goto(f"{base}/change/"); page.get_by_label("Write key").fill("short"); page.locator("#id_weekly_limit").fill("0")
    page.get_by_role("button", name="Save", exact=True).click(); page.wait_for_timeout(300); shot("wrong")
