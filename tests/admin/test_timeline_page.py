"""A customer's timeline, as owners and helpers read it."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.links import account_link
from customers.models import Customer, Order
from events import catalogue
from events.models import AcceptedTraits, Integration, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY
from tests.events.outbox_rows import nothing_written
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def address(customer: Customer) -> str:
    return reverse("admin:customers_customer_timeline", args=[customer.pk])


def get(user: User, customer: Customer, **query: str) -> str:
    """Return the page's text. Reading it writes nothing."""
    with nothing_written():
        response: Any = logged_in(user).get(address(customer), query)
    assert response.status_code == 200
    (body,) = re.findall(r'<main id="main-content".*?</main>', response.content.decode(), re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def links(user: User, customer: Customer) -> list[tuple[str, str]]:
    page = logged_in(user).get(address(customer)).content.decode()
    return re.findall(r'href="([^"]+)" aria-label="([^"]+)"', page)


@pytest.mark.parametrize("who", ["owner", "helper", "support"])
def test_it_says_what_happened_and_whether_it_was_sent(
    who: str,
    request: pytest.FixtureRequest,
    segment: SegmentStandIn,
    customer: Customer,
    integration: Integration,
) -> None:
    order = Order.create(customer)
    Delivery().run()
    order.mark_ready()
    told = get(request.getfixturevalue(who), customer)
    assert f"Order Ready order {order.number} It is being sent." in told
    assert f"Order Created order {order.number} Accepted by Segment at " in told
    assert all(f"{event.name} " in told for event in catalogue.EVENTS)
    assert "Nothing has changed since." in told


def test_it_shows_both_sentences_about_each_event(
    customer: Customer, integration: Integration, owner: User
) -> None:
    Order.create(customer)
    page = get(owner, customer)
    response: Any = logged_in(owner).get(address(customer))
    statuses = [status for status, *_ in response.context["statuses"]]
    assert [status.event for status in statuses] == [event.name for event in catalogue.EVENTS]
    assert any(status.next for status in statuses)
    for status in statuses:
        assert f"{status.event} {status.last} {status.next}".strip() in page


def test_another_business_s_customer_looks_like_one_that_does_not_exist(
    customer: Customer, other_owner: User
) -> None:
    other = logged_in(other_owner)
    theirs, nobody = (
        other.get(address(customer)),
        other.get(reverse("admin:customers_customer_timeline", args=[customer.pk + 1000])),
    )
    assert (
        (theirs.status_code, theirs.headers["Location"])
        == (nobody.status_code, nobody.headers["Location"])
        == (302, "/admin/")
    )
    (text,) = (str(message) for message in get_messages(theirs.wsgi_request))
    assert re.fullmatch(
        rf"customer with ID “{customer.pk}” doesn.t exist. Perhaps it was deleted\?", text
    )
    assert (
        other.get("/admin/customers/customer/99999999999999999999999/timeline/").status_code == 302
    )


def test_staff_without_the_permission_learn_nothing(customer: Customer, helper: User) -> None:
    helper.groups.clear()
    answer: Any = logged_in(helper).get(address(customer))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_without_login_it_redirects_to_the_login(customer: Customer) -> None:
    answer: Any = Client().get(address(customer))
    assert answer.headers["Location"] == f"/admin/login/?next={address(customer)}"


def test_it_can_only_be_looked_at(customer: Customer, owner: User) -> None:
    with nothing_written():
        assert logged_in(owner).post(address(customer)).status_code == 405


def test_the_customer_s_page_and_the_list_link_to_it(
    customer: Customer, owner: User, helper: User
) -> None:
    for user in (owner, helper):
        page = (
            logged_in(user)
            .get(reverse("admin:customers_customer_change", args=[customer.pk]))
            .content.decode()
        )
        assert f'href="{address(customer)}"' in page
        assert f"Timeline of {customer}" in page
        found = logged_in(user).get(reverse("admin:customers_customer_changelist")).content.decode()
        assert (
            f'href="{address(customer)}" class="timeline-open" aria-label="Timeline of {customer}"'
            in found
        )
    assert (
        "/timeline/"
        not in logged_in(owner).get(reverse("admin:customers_customer_add")).content.decode()
    )


def test_a_refused_message_links_to_where_it_can_be_sent_again(
    segment: SegmentStandIn, customer: Customer, integration: Integration, helper: User
) -> None:
    Order.create(customer)
    Delivery().run()
    Order.create(customer)
    Outgoing.objects.filter(event="Order Created").update(facts={})
    Delivery().run()
    entry = SendLog.objects.get(outcome="rejected")
    found = {label: link for link, label in links(helper, customer)}
    (label,) = (label for label in found if label.endswith("or send it again"))
    assert label.startswith("Order Created at ")
    assert found[label] == reverse("admin:events_sendlog_change", args=[entry.pk])
    assert f"Refused at {settled_time(entry, customer)}. {entry.reason}" in get(helper, customer)


def settled_time(entry: SendLog, customer: Customer) -> str:
    return customer.business.clock.time(entry.settled_at)


def test_a_waiting_message_links_to_its_page(
    customer: Customer, integration: Integration, owner: User
) -> None:
    Order.create(customer)
    pages = {link for link, _ in links(owner, customer)}
    waiting = {
        reverse("admin:events_outgoing_change", args=[row.pk]) for row in Outgoing.objects.all()
    }
    assert waiting <= pages


class TestDetails:
    @pytest.fixture
    def known(
        self, segment: SegmentStandIn, customer: Customer, integration: Integration
    ) -> Customer:
        Order.create(customer)
        Delivery().run()
        customer.refresh_from_db()
        return customer

    def test_never_accepted(
        self, customer: Customer, integration: Integration, owner: User
    ) -> None:
        told = get(owner, customer)
        assert (
            "Segment does not have this customer's details yet. "
            "We send them before the customer's first event." in told
        )
        assert "Detail We would send Email email ann" in told
        assert "Segment has" not in told.split("All details", 1)[1]

    def test_waiting_for_the_first_time(
        self, customer: Customer, integration: Integration, owner: User
    ) -> None:
        customer.change_phone("+14155560177")
        assert (
            "Segment does not have this customer's details yet. They are waiting to be sent."
            in get(owner, customer)
        )

    def test_what_differs_is_named_and_waits(self, known: Customer, owner: User) -> None:
        known.change_phone("+14155560177")
        told = get(owner, known)
        assert (
            "Changed since: Phone, Phone with country code. "
            "Their new details are waiting to be sent." in told
        )
        assert re.search(r"Phone phone \(415\) 555 01\d\d \(415\) 556 0177 Mobile phone", told)

    def test_what_differs_and_does_not_wait(self, known: Customer, owner: User) -> None:
        Customer.objects.filter(pk=known.pk).update(receive_emails=False)
        told = get(owner, known)
        assert (
            "Changed since: Wants emails. "
            "These changes are not waiting to be sent, "
            "because nothing was recorded when they were made." in told
        )
        assert "Wants emails receiveEmails Yes No" in told

    def test_when_the_log_no_longer_has_the_message(self, known: Customer, owner: User) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM events_sendlog WHERE event = 'identify'")
        Customer.objects.filter(pk=known.pk).update(receive_emails=False)
        told = get(owner, known)
        assert (
            "The send log no longer has the message. The table shows what would be sent today."
            in told
        )
        assert "Wants emails receiveEmails No" in told

    def test_accepted_by_another_source(self, known: Customer, owner: User) -> None:
        AcceptedTraits.objects.update(destination="another")
        told = get(owner, known)
        assert (
            "A source that you used before has these details. "
            "Your current source gets them before the customer's next event." in told
        )

    def test_neither_the_link_nor_the_write_key_is_ever_shown(
        self, known: Customer, owner: User
    ) -> None:
        page = logged_in(owner).get(address(known)).content.decode()
        assert account_link(known.uuid, known.link_version).rpartition(".")[2] not in page
        assert WRITE_KEY not in page
        assert "hidden, because it opens their account without a password" in page


class TestPages:
    def test_link_to_older_entries_without_leaving_any_out(
        self, customer: Customer, integration: Integration, owner: User
    ) -> None:
        now = timezone.now()
        orders = [Order.create(customer, at=now - timedelta(days=n)) for n in range(60)]
        client, where, seen = logged_in(owner), address(customer), []
        while where:
            page = client.get(where).content.decode()
            seen += re.findall(
                r'Order Created</strong> <span class="timeline-about">order (\w+)', page
            )
            older = re.search(r'class="timeline-button" href="(\?before=[^"]+)"', page)
            where = address(customer) + html.unescape(older[1]) if older else ""
        assert seen == [order.number for order in orders]

    @pytest.mark.parametrize(
        "before",
        [
            "x",
            "~~",
            "2026-01-01~Order Ready~1",
            "2026-01-01T00:00:00~x~1",
            "2026-13-01T00:00:00Z~x~1",
            "2026-01-01T00:00:00Z~x~" + "9" * 19,
            "2026-01-01T00:00:00Z~\0~1",
        ],
    )
    def test_a_position_that_is_none_is_the_first_page(
        self, before: str, customer: Customer, owner: User
    ) -> None:
        assert "Status of each event" in get(owner, customer, before=before)

    def test_the_number_of_queries_does_not_grow_with_the_entries(
        self, segment: SegmentStandIn, customer: Customer, integration: Integration, owner: User
    ) -> None:
        Order.create(customer)
        Delivery().run()
        few = self.queries(owner, customer)
        CustomerFactory.create_batch(3, business=customer.business)
        for _ in range(9):
            Order.create(customer).return_to_customer(by=None)
        Delivery().run()
        Order.create(customer)
        assert self.queries(owner, customer) == few

    def queries(self, user: User, customer: Customer) -> int:
        client = logged_in(user)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(customer)).status_code == 200
        return len(queries)
