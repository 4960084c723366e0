"""The admin, as a superuser sees it: every page opens, logs can only be read, and no page holds a secret."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from customers.links import account_link
from customers.models import Business, Customer, Order
from events.catalogue import EVENTS
from events.models import DeliveryAttempt, Integration, Lane, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests import factories
from tests.conftest import WRITE_KEY
from tests.events.waiting import nothing_written
from tests.factories import BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
TO_READ: list[type[models.Model]] = [Outgoing, SendLog, DeliveryAttempt, Lane]
OTHER_KEY = "Z" * 32


@pytest.fixture
def office(settings: Any) -> Client:
    # Static files are looked for where they are, as none have been collected.
    settings.WHITENOISE_AUTOREFRESH = True
    client = Client()
    client.force_login(User.objects.create(username="office", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def everything(segment: SegmentStandIn, customer: Customer, integration: Integration) -> None:
    """One of each kind at least, sent, waiting and failed."""
    Order.create(customer)
    Delivery().run()
    segment.fault("status", status=401)
    Order.create(customer)
    Delivery().run()
    Group.objects.create(name="Office")
    SolarSchedule.objects.get_or_create(event="sunset", latitude=37, longitude=-122)
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    CrontabSchedule.objects.get_or_create(minute="5")
    interval, _ = IntervalSchedule.objects.get_or_create(every=5, period="seconds")
    PeriodicTask.objects.get_or_create(name="A tick", defaults={"task": "x", "interval": interval})


def some(model: type[models.Model]) -> models.Model:
    found = model._default_manager.first()
    return found or getattr(factories, f"{model.__name__}Factory").create()


def page(model: type[models.Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def text(response: Any) -> str:
    assert isinstance(response, HttpResponse)
    return response.content.decode()


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_page_opens_and_holds_no_secret(office: Client, model: type[models.Model], rf: Any) -> None:
    secrets = [WRITE_KEY, *(token(customer) for customer in Customer.objects.all()), *ciphertexts()]
    row = some(model)
    options = admin.site.get_model_admin(model)
    addresses = [page(model, "changelist"), page(model, "change", row.pk), page(model, "history", row.pk)]
    addresses += [page(model, "changelist") + "?q=ann"] if options.search_fields else []
    for address in addresses:
        response = office.get(address)
        assert response.status_code == 200, address
        assert [secret for secret in secrets if secret in text(response)] == []
    request = rf.get("/")
    request.user = User.objects.get(username="office")
    assert office.get(page(model, "add")).status_code == (200 if options.has_add_permission(request) else 403)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_page_opens_for_others(model: type[models.Model]) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create(username="stranger"))
    for client in (stranger, Client()):
        response: Any = client.get(page(model, "changelist"))
        assert (response.status_code, response.headers["Location"].partition("?")[0]) == (302, reverse("admin:login"))


def token(customer: Customer) -> str:
    """What makes a link a login."""
    return account_link(customer.uuid, customer.link_version).rpartition(".")[2]


def ciphertexts() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT write_key FROM events_integration")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", TO_READ, ids=lambda model: model.__name__)
def test_a_log_can_only_be_read(office: Client, model: type[models.Model]) -> None:
    row, lanes = some(model), list(Lane.objects.values())
    with nothing_written():
        for address in (page(model, "add"), page(model, "change", row.pk), page(model, "delete", row.pk)):
            assert office.post(address, {"post": "yes", "stopped": "", "outcome": "accepted"}).status_code == 403
        office.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert list(Lane.objects.values()) == lanes
    assert "delete_selected" not in text(office.get(page(model, "changelist")))
    shown = text(office.get(page(model, "change", row.pk)))
    assert [field for field in ('name="_save"', "vTextField", "<textarea") if field in shown] == []


def queries(action: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


@pytest.mark.parametrize("model", [*TO_READ, Integration], ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(office: Client, segment: SegmentStandIn, model: type[models.Model]) -> None:
    def add_business() -> None:
        business = BusinessFactory.create()
        Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
        Order.create(CustomerFactory.create(business=business))
        Delivery().run()
        Order.create(Customer.objects.get(business=business))

    add_business()
    add_business()
    few = queries(lambda: office.get(page(model, "changelist")))
    for _ in range(5):
        add_business()
    assert queries(lambda: office.get(page(model, "changelist"))) == few


@pytest.mark.usefixtures("everything")
def test_the_send_log_shows_the_message_with_the_link_hidden(office: Client) -> None:
    entry = SendLog.objects.get(event="identify", outcome="accepted")
    shown = text(office.get(page(SendLog, "change", entry.pk)))
    assert "(hidden: it opens the customer&#x27;s account)" in shown
    assert "&quot;type&quot;: &quot;identify&quot;" in shown


def test_what_customers_call_themselves_is_shown_and_not_run(office: Client, segment: SegmentStandIn, integration: Integration) -> None:
    evil = "<script>alert('Zoë')</script>"
    CustomerFactory.create(business=integration.business, first_name=evil)
    Delivery().run()
    entry = SendLog.objects.get(event="identify")
    assert json.loads(entry.body)["traits"]["firstName"] == evil
    shown = text(office.get(page(SendLog, "change", entry.pk)))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(&#x27;Zoë&#x27;)&lt;/script&gt;" in shown


def test_entries_of_a_business_or_customer_that_is_gone_are_still_shown(office: Client) -> None:
    SendLog.objects.create(
        business_id=10**9,
        customer_id=10**9,
        user_id=uuid4(),
        event="Order Ready",
        subject_id=1,
        message_id="0" * 32,
        occurred_at=timezone.now(),
        settled_at=timezone.now(),
        outcome="skipped",
        reason="The customer was deleted.",
        attempts=0,
    )
    assert office.get(page(SendLog, "changelist")).status_code == 200
    assert office.get(page(SendLog, "change", SendLog.objects.get().pk)).status_code == 200


class TestTheConfig:
    """What an office enters for a business."""

    @staticmethod
    def entered(business: Business, **changes: Any) -> dict[str, Any]:
        limits = {"weekly_limit": 14, "bi_weekly_limit": 31, "monthly_limit": 62, "irregular_limit": 92}
        rest = {"region": "us", "birthday_hour": 9, "retention_months": 13, "birthday_field": "", "write_key": ""}
        return {"business": business.pk, **limits, **rest, **changes}

    def test_takes_a_write_key_and_shows_its_end(self, office: Client, business: Business) -> None:
        response = office.post(page(Integration, "add"), self.entered(business, enabled="on", write_key=WRITE_KEY))
        assert response.status_code == 302
        made = Integration.objects.get()
        assert (made.enabled, made.write_key, made.muted) == (True, WRITE_KEY, [])
        shown = text(office.get(page(Integration, "change", business.pk)))
        assert f"ends in {WRITE_KEY[-4:]}" in shown
        assert WRITE_KEY not in shown

    def test_keeps_the_key_when_none_is_entered(self, office: Client, integration: Integration) -> None:
        response = office.post(page(Integration, "change", integration.pk), self.entered(integration.business, region="eu"))
        assert response.status_code == 302
        integration.refresh_from_db()
        assert (integration.write_key, integration.region, integration.enabled) == (WRITE_KEY, "eu", False)

    def test_replaces_the_key_and_lets_the_lane_run_again(self, office: Client, integration: Integration) -> None:
        Lane.objects.update(stopped="Segment refused the write key.")
        changes = self.entered(integration.business, enabled="on", write_key=OTHER_KEY, muted=[EVENTS[0].name])
        assert office.post(page(Integration, "change", integration.pk), changes).status_code == 302
        integration.refresh_from_db()
        assert (integration.write_key, integration.muted) == (OTHER_KEY, [EVENTS[0].name])
        assert Lane.objects.get().stopped == ""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"write_key": "tooshort"}, "A write key is 32 letters and digits. Copy it from Segment: Connections, Sources"),
            ({"enabled": "on"}, "Enter the write key of your Segment source before you switch on."),
            ({"region": "mars"}, "Select a valid choice. mars is not one of the available choices."),
            ({"muted": ["Order Redy"]}, "Select a valid choice. Order Redy is not one of the available choices."),
            ({"birthday_hour": 24}, "Ensure this value is less than or equal to 23."),
        ],
    )
    def test_that_is_refused_says_why_and_writes_nothing(
        self, office: Client, business: Business, changes: dict[str, Any], said: str
    ) -> None:
        with nothing_written():
            response = office.post(page(Integration, "add"), self.entered(business, **changes))
        assert response.status_code == 200
        assert said in text(response)
        assert not Integration.objects.exists()
        assert not Lane.objects.exists()

    def test_does_not_show_again_what_was_entered_as_a_key(self, office: Client, business: Business) -> None:
        response = office.post(page(Integration, "add"), self.entered(business, write_key=WRITE_KEY, birthday_hour=24))
        assert WRITE_KEY not in text(response)

    def test_is_of_the_business_it_was_made_for(self, office: Client, integration: Integration) -> None:
        other = BusinessFactory.create()
        office.post(page(Integration, "change", integration.pk), self.entered(other, enabled="on"))
        assert list(Integration.objects.values_list("business_id", flat=True)) == [integration.business_id]

    def test_whose_key_cannot_be_read_says_so_and_asks_for_it(self, office: Client, integration: Integration, settings: Any) -> None:
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        assert "cannot be read" in text(office.get(page(Integration, "changelist")))
        response = office.post(page(Integration, "change", integration.pk), self.entered(integration.business, region="eu"))
        assert "The stored write key cannot be read any more. Copy it from Segment and enter it again." in text(response)
        changes = self.entered(integration.business, enabled="on", write_key=OTHER_KEY)
        assert office.post(page(Integration, "change", integration.pk), changes).status_code == 302
        assert Integration.objects.get().write_key == OTHER_KEY

    def test_lists_every_event_to_mute(self, office: Client, integration: Integration) -> None:
        shown = text(office.get(page(Integration, "change", integration.pk)))
        assert [event.name for event in EVENTS if f'value="{event.name}"' not in shown] == []

    def test_cannot_be_deleted(self, office: Client, integration: Integration) -> None:
        assert office.post(page(Integration, "delete", integration.pk), {"post": "yes"}).status_code == 403
        assert Integration.objects.exists()
