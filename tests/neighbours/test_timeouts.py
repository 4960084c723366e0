"""Whatever the database keeps waiting for too long gets a 503, and nothing is changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.signals import worker_init
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client

from customers.models import Customer, Order
from events.outbox import prepared
from smrt_integration import timeouts
from smrt_integration.api.resources.customers import CustomerViewSet
from smrt_integration.timeouts import Timeouts
from tests.account.conftest import Visitor
from tests.api.conftest import Caller, errors
from tests.events.other_connections import uncommitted

pytestmark = pytest.mark.django_db(transaction=True)

SHORT = Timeouts(lock=150, statement=5_000, idle_in_transaction=5_000)
READ_TIMEOUTS = (
    "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'), "
    "current_setting('idle_in_transaction_session_timeout') WHERE 1 = %s"
)
HAS_LOCK_TIMEOUT = "SELECT WHERE current_setting('lock_timeout') = %s::text"
NONE_SET, WEB_SET = ("0", "0", "0"), ("3s", "10s", "15s")


def read_timeouts() -> tuple[str, ...]:
    with connection.cursor() as opened:
        opened.execute(READ_TIMEOUTS, [1])
        assert (opened.rowcount, len(opened.description)) == (1, 3)
        row: tuple[str, ...] = opened.fetchone()
        assert opened.fetchone() is None
        return row


def lock(customer: Customer) -> Callable[[], object]:
    return lambda: Customer.objects.select_for_update().get(pk=customer.pk)


@pytest.fixture
def _impatient() -> Iterator[None]:
    with timeouts.use(SHORT):
        yield


def test_every_statement_has_the_timeouts_and_the_connection_keeps_none(customer: Customer) -> None:
    with timeouts.use(timeouts.WEB):
        assert read_timeouts() == WEB_SET, "in autocommit"
        assert prepared.run(HAS_LOCK_TIMEOUT, [WEB_SET[0]]) == 1, "in autocommit"
        with transaction.atomic():
            assert prepared.run(HAS_LOCK_TIMEOUT, [WEB_SET[0]]) == 1, "first in a transaction"
            assert prepared.run(HAS_LOCK_TIMEOUT, [WEB_SET[0]]) == 1, "prepared"
            assert read_timeouts() == WEB_SET, "second in a transaction"
        with transaction.atomic(), pytest.raises(ZeroDivisionError), transaction.atomic():
            raise ZeroDivisionError
        assert [c.pk for c in Customer.objects.iterator()] == [customer.pk], "in pieces"

    assert read_timeouts() == NONE_SET


def test_other_kinds_of_work_have_their_own() -> None:
    try:
        worker_init.send(sender=None)
        assert timeouts.current() == timeouts.WORKER
        with timeouts.use(timeouts.EXPORT):
            assert read_timeouts() == ("3s", "20s", "20s")
    finally:
        timeouts.use_in_process(timeouts.UNLIMITED)


def test_a_migration_that_waits_for_a_lock_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "MIGRATION", SHORT)
    with (
        uncommitted(lambda: connection.cursor().execute("LOCK TABLE django_migrations")),
        pytest.raises(CommandError, match=r"waited for a lock.*Run migrate again"),
    ):
        call_command("migrate", verbosity=0)


@pytest.mark.usefixtures("_impatient")
def test_a_call_that_waits_for_a_lock_gets_a_503_and_may_be_repeated(
    pos: Caller, customer: Customer
) -> None:
    def create_order() -> Any:
        return pos.post("orders", {"customer": str(customer.uuid)}, Idempotency_Key="till-1")

    with uncommitted(lock(customer)):
        waited = create_order()
    assert (waited.status_code, waited.headers["Retry-After"]) == (503, "5")
    assert errors(waited) == [
        (
            "unavailable",
            None,
            (
                "This took too long, because other work was in the way. Nothing was changed. "
                "Repeat the request after 5 seconds, with the same Idempotency-Key."
            ),
        )
    ]
    assert not Order.objects.exists()
    assert create_order().status_code == 201


@pytest.mark.usefixtures("_impatient")
def test_pages_of_owners_and_customers_explain_the_503(
    owner: User, visitor: Visitor, customer: Customer
) -> None:
    admin, form = Client(), visitor.open("/account/details").form(with_field="first_name")
    admin.force_login(owner)
    address = f"/admin/customers/customer/{customer.pk}/change/"
    with uncommitted(lambda: connection.cursor().execute("LOCK TABLE customers_customer")):
        pages = [admin.get(address), visitor.http.get("/account/details")]
    with uncommitted(lock(customer)):
        fields = {name: text for name, text in form.items() if name != "action"}
        pages.append(visitor.http.post("/account/details", fields | {"first_name": "Ada"}))

    for page in pages:
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        text = page.content.decode()
        assert "Please try again in a few seconds" in text
        assert "Nothing was changed." in text
        assert "503" not in text
    assert Customer.objects.get().first_name == customer.first_name


@pytest.mark.usefixtures("_impatient")
def test_an_error_outside_of_views_gets_the_page_too(owner: User) -> None:
    """Middleware reads the session, for which Django calls no `process_exception`."""
    admin = Client(raise_request_exception=False)
    admin.force_login(owner)
    with uncommitted(lambda: connection.cursor().execute("LOCK TABLE django_session")):
        page = admin.get("/admin/")

    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")


def test_an_endless_statement_ends(
    pos: Caller, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever makes it slow, here a list that sleeps."""
    endless = Customer.objects.extra(where=["pg_sleep(20) IS NULL"])
    monkeypatch.setattr(CustomerViewSet, "get_queryset", lambda self: endless)
    with timeouts.use(Timeouts(statement=100)):
        response = pos.get("customers")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
