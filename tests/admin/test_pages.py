"""The admin for a superuser: every page opens, logs are read-only, no page holds a secret."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection, models
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)

from customers.links import account_link
from customers.models import Customer, Order
from events.models import DeliveryAttempt, Integration, Lane, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests import factories
from tests.conftest import WRITE_KEY
from tests.events.outbox_rows import nothing_written
from tests.factories import BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
READ_ONLY_MODELS: list[type[models.Model]] = [Outgoing, SendLog, DeliveryAttempt, Lane]


@pytest.fixture
def office(settings: Any) -> Client:
    # Read static files from where they are written: none have been collected.
    settings.WHITENOISE_AUTOREFRESH = True
    client = Client()
    client.force_login(User.objects.create(username="office", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def everything(segment: SegmentStandIn, customer: Customer, integration: Integration) -> None:
    """Create at least one row of each model, with messages sent, waiting and failed."""
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
    seen = {"username": "olivia", "ip_address": "192.0.2.7", "http_accept": "", "path_info": ""}
    AccessAttempt.objects.create(**seen, failures_since_start=1)
    AccessFailureLog.objects.create(**seen)
    AccessLog.objects.create(**seen)


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
def test_every_page_opens_and_holds_no_secret(
    office: Client, model: type[models.Model], rf: Any
) -> None:
    secrets = [WRITE_KEY, *(token(customer) for customer in Customer.objects.all()), *ciphertexts()]
    row = some(model)
    options = admin.site.get_model_admin(model)
    addresses = [
        page(model, "changelist"),
        page(model, "change", row.pk),
        page(model, "history", row.pk),
    ]
    addresses += [page(model, "changelist") + "?q=ann"] if options.search_fields else []
    for address in addresses:
        response = office.get(address)
        assert response.status_code == 200, address
        assert [secret for secret in secrets if secret in text(response)] == []
    request = rf.get("/")
    request.user = User.objects.get(username="office")
    assert office.get(page(model, "add")).status_code == (
        200 if options.has_add_permission(request) else 403
    )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_no_page_opens_for_others(model: type[models.Model]) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create(username="stranger"))
    for client in (stranger, Client()):
        response: Any = client.get(page(model, "changelist"))
        assert (response.status_code, response.headers["Location"].partition("?")[0]) == (
            302,
            reverse("admin:login"),
        )


def token(customer: Customer) -> str:
    """Return the part of the account link that logs the customer in."""
    return account_link(customer.uuid, customer.link_version).rpartition(".")[2]


def ciphertexts() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT write_key FROM events_integration")
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize("model", READ_ONLY_MODELS, ids=lambda model: model.__name__)
def test_a_log_can_only_be_read(office: Client, model: type[models.Model]) -> None:
    row, lanes = some(model), list(Lane.objects.values())
    with nothing_written():
        for address in (
            page(model, "add"),
            page(model, "change", row.pk),
            page(model, "delete", row.pk),
        ):
            assert (
                office.post(
                    address, {"post": "yes", "stopped": "", "outcome": "accepted"}
                ).status_code
                == 403
            )
        office.post(
            page(model, "changelist"),
            {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
        )
    assert list(Lane.objects.values()) == lanes
    assert "delete_selected" not in text(office.get(page(model, "changelist")))
    shown = text(office.get(page(model, "change", row.pk)))
    assert [field for field in ('name="_save"', "vTextField", "<textarea") if field in shown] == []


def queries(action: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        action()
    return len(captured)


@pytest.mark.parametrize(
    "model", [*READ_ONLY_MODELS, Integration], ids=lambda model: model.__name__
)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(
    office: Client, segment: SegmentStandIn, model: type[models.Model]
) -> None:
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


def test_what_customers_call_themselves_is_shown_and_not_run(
    office: Client, segment: SegmentStandIn, integration: Integration
) -> None:
    evil = "<script>alert('Zoë')</script>"
    CustomerFactory.create(business=integration.business, first_name=evil)
    Delivery().run()
    entry = SendLog.objects.get(event="identify")
    assert json.loads(entry.body)["traits"]["firstName"] == evil
    shown = text(office.get(page(SendLog, "change", entry.pk)))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(&#x27;Zoë&#x27;)&lt;/script&gt;" in shown


def test_entries_of_a_deleted_business_or_customer_are_still_shown(office: Client) -> None:
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
