"""The send log's list and the page of one message, of one's own business only."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from customers.models import Business, Customer, Membership
from events.jobs import run
from events.models import Integration, Outcome, Request, SendLog
from events.send_log import pages
from smrt_integration.admin.messages.send_log import SendLogAdmin
from smrt_integration.delivery.deliver import Delivery
from tests.admin.conftest import logged_in
from tests.events.log_entries import create_log_entry
from tests.events.outbox_rows import nothing_written, waiting
from tests.factories import (
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    LineItemFactory,
    OrderFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
LIST = "/admin/events/sendlog/"
# 4 March 2025, 07:30 in Los Angeles
MORNING = datetime(2025, 3, 4, 15, 30, tzinfo=UTC)


@pytest.fixture
def office(owner: User, integration: Integration) -> Client:
    return logged_in(owner)


def text(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(unescape(response.content.decode()).split())


def listed(client: Client, address: str = LIST, **chosen: Any) -> list[int]:
    """Return the ids of the entries on the page, in order."""
    return [row.id for row in client.get(address, chosen).context["rows"]]


def ids(*rows: SendLog) -> list[int]:
    return [row.pk for row in rows]


class TestTheList:
    def test_shows_the_outcome_of_each_message_newest_first(
        self, office: Client, customer: Customer
    ) -> None:
        first = create_log_entry(customer, at=MORNING)
        second = create_log_entry(
            customer, "Order Ready", Outcome.ACCEPTED, at=MORNING + timedelta(minutes=5)
        )
        assert listed(office) == ids(second, first)
        shown = text(office.get(LIST))
        assert "Mar 4, 2025, 7:28 AM" in shown
        assert "Refused" in shown
        assert "Segment refused this message (it answered 400)." in shown
        assert (
            f'<a href="/admin/customers/customer/{customer.pk}/timeline/">{customer}</a>' in shown
        )

    def test_shows_messages_of_a_deleted_customer(self, office: Client, customer: Customer) -> None:
        create_log_entry(customer)
        customer.delete()
        assert "A deleted customer" in text(office.get(LIST))

    def test_says_when_there_is_nothing_yet(self, office: Client) -> None:
        assert "Nothing has been sent yet." in text(office.get(LIST))

    def test_reads_no_more_rows_than_it_shows(
        self, office: Client, customer: Customer, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            create_log_entry(customer)
        with django_assert_max_num_queries(30) as captured:
            office.get(LIST)
        counting = [
            query["sql"] for query in captured if re.search(r"count\(", query["sql"], re.IGNORECASE)
        ]
        assert counting == []


class TestFilters:
    @pytest.fixture(autouse=True)
    def _entries(self, integration: Integration, customer: Customer) -> None:
        self.branded = CustomerFactory.create(
            business=customer.business, brand=BrandFactory.create(business=customer.business)
        )
        self.visit = create_log_entry(customer, at=MORNING)
        self.ready = create_log_entry(
            self.branded, "Order Ready", Outcome.ACCEPTED, at=MORNING + timedelta(days=1)
        )
        self.details = create_log_entry(
            customer, "identify", Outcome.SKIPPED, at=MORNING + timedelta(days=2)
        )

    def test_by_event_outcome_and_brand(self, office: Client) -> None:
        assert listed(office, event="Order Ready") == ids(self.ready)
        assert listed(office, event="identify") == ids(self.details)
        assert listed(office, outcome="rejected") == ids(self.visit)
        assert listed(office, brand=self.branded.brand_id) == ids(self.ready)
        assert listed(office, brand=0) == ids(self.details, self.visit)
        assert listed(office, event="Order Ready", outcome="rejected") == []

    def test_by_the_businesss_own_days(self, office: Client, customer: Customer) -> None:
        late = create_log_entry(customer, at=datetime(2025, 3, 5, 7, 59, 59, tzinfo=UTC))
        next_day = create_log_entry(customer, at=datetime(2025, 3, 5, 8, 0, tzinfo=UTC))
        assert listed(office, since="2025-03-04", until="2025-03-04") == ids(late, self.visit)
        assert listed(office, since="2025-03-05", until="2025-03-05") == ids(self.ready, next_day)

    def test_are_shown_as_chips_that_can_be_removed_one_by_one(self, office: Client) -> None:
        response = office.get(
            LIST, {"event": "Order Ready", "outcome": "accepted", "since": "2025-03-01"}
        )
        assert [(chip.label, chip.without) for chip in response.context["chips"]] == [
            ("Event: Order Ready", "?outcome=accepted&since=2025-03-01"),
            ("Outcome: Accepted", "?event=Order+Ready&since=2025-03-01"),
            ("From: Mar 1, 2025", "?event=Order+Ready&outcome=accepted"),
        ]

    def test_what_makes_no_sense_is_said_and_narrows_nothing(self, office: Client) -> None:
        response = office.get(
            LIST,
            {
                "since": "soon",
                "event": "No Such Event",
                "brand": "x",
                "before": "y",
                "outcome": "\0",
            },
        )
        assert [row.id for row in response.context["rows"]] == ids(
            self.details, self.ready, self.visit
        )
        assert "Enter a valid date." in text(response)

    def test_offer_nothing_of_another_business(
        self, office: Client, other_business: Business
    ) -> None:
        BrandFactory.create(business=other_business, name="Their Brand")
        shown = text(office.get(LIST))
        assert "Their Brand" not in shown
        assert other_business.name not in shown


class TestPages:
    @pytest.fixture(autouse=True)
    def _small_pages(
        self, monkeypatch: pytest.MonkeyPatch, integration: Integration, customer: Customer
    ) -> None:
        monkeypatch.setattr(SendLogAdmin, "per_page", 2)
        outcomes = [Outcome.REJECTED, Outcome.ACCEPTED]
        # two of them at the same moment
        self.newest_first = [
            create_log_entry(
                customer, outcome=outcomes[n % 2], at=MORNING - timedelta(hours=n // 2)
            )
            for n in range(5)
        ]
        self.newest_first.sort(key=lambda row: (row.settled_at, row.pk), reverse=True)

    def test_go_to_the_oldest_and_back_without_leaving_anything_out(self, office: Client) -> None:
        down = list(walked(office, "older"))
        assert down == [
            ids(*self.newest_first[:2]),
            ids(*self.newest_first[2:4]),
            ids(*self.newest_first[4:]),
        ]
        response = office.get(LIST, follow_to(office, "older", 2))
        up = list(walked(office, "newer", response))
        assert up == [down[2], down[1], down[0]]

    def test_keep_what_was_chosen(self, office: Client) -> None:
        wanted = [row for row in self.newest_first if row.outcome == "rejected"]
        assert list(walked(office, "older", office.get(LIST, {"outcome": "rejected"}))) == [
            ids(*wanted[:2]),
            ids(*wanted[2:]),
        ]

    def test_do_not_shift_when_something_is_logged_meanwhile(
        self, office: Client, customer: Customer
    ) -> None:
        older = office.get(LIST).context["older"]
        create_log_entry(customer)
        assert [row.id for row in office.get(LIST + older).context["rows"]] == ids(
            *self.newest_first[2:4]
        )


def walked(client: Client, way: str, response: Any = None) -> Iterator[list[int]]:
    response = response or client.get(LIST)
    while True:
        yield [row.id for row in response.context["rows"]]
        if not response.context[way]:
            return
        response = client.get(LIST + response.context[way])


def follow_to(client: Client, way: str, times: int) -> dict[str, str]:
    response: Any = client.get(LIST)
    for _ in range(times):
        response = client.get(LIST + response.context[way])
    query: dict[str, str] = response.wsgi_request.GET.dict()
    return query


class TestSearch:
    @pytest.fixture(autouse=True)
    def _people(
        self, integration: Integration, business: Business, other_business: Business
    ) -> None:
        details = {
            "first_name": "Zoë",
            "last_name": "O'Neil_Smith",
            "email": "zoe@example.com",
            "phone": "+14156015610",
        }
        self.zoe = CustomerFactory.create(business=business, **details)
        self.company = CustomerFactory.create(
            business=business, kind="CORPORATE", company_name="Example Hotel", last_name="Frank"
        )
        self.entry = create_log_entry(self.zoe)
        self.of_company = create_log_entry(self.company)
        stranger = CustomerFactory.create(business=other_business, **details)
        self.strange_order = OrderFactory.create(customer=stranger, number="THEIRS22")
        self.strange = create_log_entry(stranger, "Order Created", subject_id=self.strange_order.pk)

    @pytest.mark.parametrize(
        "typed",
        [
            *(
                "zoë",
                "ZOË",
                "o'neil",
                "O'Neil_S",
                "zoë o'ne",
                "O'Neil_Smith, Zoë",
                "zoe@ex",
                "(415) 601 5610",
                "415.601.5610",
                "+1 415 601 5610",
            ),
            *("5610", " 601-5610 ", "1 415 601 5610"),
        ],
    )
    def test_finds_a_customers_messages(self, office: Client, typed: str) -> None:
        assert listed(office, q=typed) == ids(self.entry)

    def test_finds_a_company(self, office: Client) -> None:
        assert listed(office, q="example ho") == ids(self.of_company)

    @pytest.mark.parametrize(
        "typed",
        [
            "%",
            "_",
            "neil",
            "O'NeilXSmith",
            "\\",
            "' OR 1=1 --",
            "9999",
            "THEIRS22",
            "x" * 32,
            "\0",
            "()",
        ],
    )
    def test_finds_nothing_for_what_nobody_is_called(self, office: Client, typed: str) -> None:
        assert listed(office, q=typed) == (
            [] if typed.strip("\0") else ids(self.of_company, self.entry)
        )

    def test_finds_a_message_by_its_id_but_not_another_business_s(self, office: Client) -> None:
        assert listed(office, q=self.entry.message_id) == ids(self.entry)
        assert listed(office, q=f" {self.entry.message_id.upper()} ") == ids(self.entry)
        assert listed(office, q=self.strange.message_id) == []

    def test_finds_the_events_of_an_order_and_of_its_items(self, office: Client) -> None:
        order = OrderFactory.create(customer=self.zoe, number="AB12CD34")
        item = LineItemFactory.create(order=order)
        created = create_log_entry(self.zoe, "Order Created", subject_id=order.pk)
        returned = create_log_entry(self.zoe, "Order Line Item Returned", subject_id=item.pk)
        create_log_entry(self.zoe, "Order Created", subject_id=order.pk + 1)
        create_log_entry(self.zoe, "Customer Visit", subject_id=order.pk)
        assert listed(office, q="AB12CD34") == ids(returned, created)
        assert listed(office, q="ab12cd34") == ids(returned, created)

    def test_is_narrowed_by_the_filters_too(self, office: Client) -> None:
        assert listed(office, q="zoë", outcome="rejected") == ids(self.entry)
        assert listed(office, q="zoë", outcome="accepted") == []
        assert listed(office, q="zoë", brand=0, since="2020-01-01") == ids(self.entry)

    def test_says_when_more_match_than_it_shows(self, office: Client, business: Business) -> None:
        CustomerFactory.create_batch(51, business=business, last_name="Mueller")
        assert "More than 50 customers match." in text(office.get(LIST, {"q": "muel"}))

    def test_in_several_businesses_finds_in_all_or_the_one_chosen(
        self, office: Client, owner: User, other_business: Business
    ) -> None:
        Membership.objects.create(user=owner, business=other_business)
        assert listed(office, q="zoë") == ids(self.strange, self.entry)
        assert listed(office, q="zoë", business=other_business.pk) == ids(self.strange)
        assert listed(office, business=other_business.pk) == ids(self.strange)
        assert other_business.name in text(office.get(LIST))


class TestWhoSeesWhat:
    def test_another_businesss_entries_are_not_there(
        self, office: Client, customer: Customer, other_owner: User
    ) -> None:
        entry = create_log_entry(customer)
        stranger = logged_in(other_owner)
        assert listed(stranger) == []
        assert listed(stranger, business=customer.business_id) == []
        for response in (
            stranger.get(f"{LIST}{entry.pk}/change/", follow=True),
            stranger.get(f"{LIST}987654321/change/", follow=True),
        ):
            assert "Perhaps it was deleted?" in text(response)

    def test_support_sees_all_and_chooses(
        self, support: User, customer: Customer, other_business: Business
    ) -> None:
        ours, theirs = (
            create_log_entry(customer),
            create_log_entry(CustomerFactory.create(business=other_business)),
        )
        office = logged_in(support)
        assert listed(office) == ids(theirs, ours)
        assert listed(office, business=other_business.pk) == ids(theirs)
        assert listed(office, business="999999") == []

    def test_support_sees_when_the_list_is_not_complete(
        self,
        support: User,
        customer: Customer,
        other_business: Business,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(pages, "LOG_ROWS_SCANNED", 2)
        for _ in range(3):
            create_log_entry(customer)
        shown = text(logged_in(support).get(LIST, {"event": "Order Ready"}))
        assert "This list covers only the newest 2 messages of all businesses." in shown

    def test_many_businesses_are_chosen_by_name(
        self, support: User, customer: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("smrt_integration.admin.messages.filters.CHOICES_LISTED", 1)
        BusinessFactory.create(name="Zebra Cleaners")
        create_log_entry(customer)
        office = logged_in(support)
        assert listed(office, business="zebra") == []
        assert len(listed(office, business=customer.business.name[:9])) == 1


class TestAMessage:
    def opened(self, client: Client, entry: SendLog) -> str:
        return text(client.get(reverse("admin:events_sendlog_change", args=[entry.pk])))

    def test_shows_its_outcome_and_what_to_do(self, office: Client, customer: Customer) -> None:
        shown = self.opened(office, create_log_entry(customer, at=MORNING))
        assert (
            "Segment refused this “Customer Visit” on Mar 4, 2025, 7:30 AM (it answered 400)."
            in shown
        )
        assert "then send it again." in shown
        assert "What was recorded when it happened" in shown

    def test_shows_it_as_sent_with_the_attempts(
        self, office: Client, customer: Customer, segment: SegmentStandIn
    ) -> None:
        OrderFactory.create(customer=customer)
        Delivery().run()
        shown = self.opened(office, SendLog.objects.get(event="Order Created"))
        assert "Segment accepted “Order Created” at" in shown
        assert '"event": "Order Created"' in shown
        assert "Attempts to send" in shown
        assert "1 message, " in shown

    def test_shows_the_same_message_at_other_times(
        self, office: Client, customer: Customer, segment: SegmentStandIn
    ) -> None:
        entry = create_log_entry(customer)
        office.post(reverse("admin:events_sendlog_resend_one", args=[entry.pk]))
        Delivery().run()
        newer = SendLog.objects.filter(message_id=entry.message_id).exclude(pk=entry.pk).get()
        assert f'href="/admin/events/sendlog/{newer.pk}/change/"' in self.opened(office, entry)
        assert f'href="/admin/events/sendlog/{entry.pk}/change/"' in self.opened(office, newer)

    @pytest.mark.parametrize("entry_id", ["0", "x", "99999999999999999999", "-1"])
    def test_that_is_not_there(self, office: Client, entry_id: str) -> None:
        assert "Perhaps it was deleted?" in text(
            office.get(f"{LIST}{entry_id}/change/", follow=True)
        )


class TestSendingAgain:
    def test_one(self, office: Client, customer: Customer, helper: User) -> None:
        entry = create_log_entry(customer)
        response = logged_in(helper).post(
            reverse("admin:events_sendlog_resend_one", args=[entry.pk]), follow=True
        )
        assert "Queued. The result will appear in the send log." in text(response)
        assert "It was sent again" in text(response)
        assert 'value="Send again"' not in text(response)

    def test_those_selected(
        self, office: Client, customer: Customer, other_business: Business
    ) -> None:
        rows = [create_log_entry(customer) for _ in range(3)]
        theirs = create_log_entry(CustomerFactory.create(business=other_business))
        Integration.objects.create(business=other_business, enabled=True)
        response = office.post(
            LIST, {"action": "send_again", "_selected_action": ids(*rows[:2], theirs)}, follow=True
        )
        assert "2 queued. The results will appear in the send log." in text(response)
        assert [row.message_id for row in waiting_now()] == [row.message_id for row in rows[:2]]

    @pytest.mark.parametrize("how", ["off", "muted"])
    def test_while_it_is_switched_off_says_so_and_writes_nothing(
        self, office: Client, customer: Customer, integration: Integration, how: str
    ) -> None:
        entry = create_log_entry(customer)
        Integration.objects.update(
            **({"enabled": False} if how == "off" else {"muted": ["Customer Visit"]})
        )
        said = (
            "The integration is switched off"
            if how == "off"
            else "“Customer Visit” is switched off on the Segment integration page."
        )
        with nothing_written():
            response = office.post(
                reverse("admin:events_sendlog_resend_one", args=[entry.pk]), follow=True
            )
            assert said in text(response)
            office.post(LIST, {"action": "send_again", "_selected_action": [entry.pk]})

    def test_what_segment_has_is_refused_in_words(self, office: Client, customer: Customer) -> None:
        entry = create_log_entry(customer, outcome=Outcome.ACCEPTED)
        with nothing_written():
            response = office.post(
                reverse("admin:events_sendlog_resend_one", args=[entry.pk]), follow=True
            )
        assert "Segment has this message." in text(response)

    def test_another_business_s_entry_does_not_exist(
        self, customer: Customer, integration: Integration, other_owner: User
    ) -> None:
        entry = create_log_entry(customer)
        with nothing_written():
            stranger = logged_in(other_owner)
            response = stranger.post(
                reverse("admin:events_sendlog_resend_one", args=[entry.pk]), follow=True
            )
            assert "Perhaps it was deleted?" in text(response)
            stranger.post(LIST, {"action": "send_again", "_selected_action": [entry.pk]})
            stranger.post(
                reverse("admin:events_sendlog_resend")
                + f"?business={customer.business_id}&outcome=rejected"
            )

    def test_everything_that_matches_asks_first_with_the_count(
        self, office: Client, customer: Customer, owner: User
    ) -> None:

        rows = [create_log_entry(customer) for _ in range(3)]
        create_log_entry(customer, "Order Ready", Outcome.ACCEPTED)
        response = office.get(LIST, {"outcome": "rejected"})
        assert "Send all 3 messages again" in text(response)
        address = response.context["resend_url"]
        assert "Send 3 messages again?" in text(office.get(address))
        response = office.post(address, follow=True)
        assert "Sending 3 again in the background." in text(response)
        assert "Sending again: 0 of 3 queued." in text(response)
        request = Request.objects.get()
        assert (request.requested_by, request.expected, request.kind) == (owner, 3, "again")
        run.run_jobs(timezone.now())
        assert [row.message_id for row in waiting_now()] == [row.message_id for row in rows]
        assert "Sending again:" not in text(office.get(LIST))

    def test_a_get_sends_nothing(self, office: Client, customer: Customer) -> None:
        entry = create_log_entry(customer)
        with nothing_written():
            assert (
                office.get(reverse("admin:events_sendlog_resend_one", args=[entry.pk])).status_code
                == 405
            )
            office.get(reverse("admin:events_sendlog_resend") + "?outcome=rejected")


def waiting_now() -> list[Any]:
    return waiting()
