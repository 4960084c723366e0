"""A customer's timeline, read from the database: complete, bounded, and nothing is written."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Business, Customer, CustomField, CustomFieldValue, Order, PickupRequest
from events.identify import IDENTIFY
from events.models import Integration, Outgoing, SendLog
from events.sweeps import birthdays, lost
from events.timeline import assemble, queries
from events.timeline.assemble import CustomerTimeline, customer_timeline
from events.timeline.occurrences import newest_occurrences
from smrt_integration.delivery.deliver import Delivery
from tests.conftest import WRITE_KEY
from tests.events.golden_business import ANN, TUESDAY, GoldenBusiness
from tests.events.outbox_rows import nothing_written, waiting
from tests.events.scenarios import SCENARIOS
from tests.factories import BusinessFactory, CustomerFactory, CustomFieldFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
ANGELES = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)


def read_timeline(customer: Customer, now: datetime | None = None) -> CustomerTimeline:
    customer.refresh_from_db()
    with nothing_written():
        return customer_timeline(customer, None, now or timezone.now())


def lines(timeline: CustomerTimeline) -> list[tuple[str, str, str]]:
    return [(line.event, line.state, line.sentence) for line in timeline.entries]


def event_status(timeline: CustomerTimeline, event: str) -> str:
    (status,) = (status for status in timeline.statuses if status.event == event)
    return f"{status.last} {status.next}".strip()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_timeline_finds_every_recorded_occurrence_with_its_time(name: str) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        event = SCENARIOS[name](GoldenBusiness())
    recorded = {(row.occurred_at, row.event, row.subject_id) for row in waiting(customer__uuid=ANN)}
    occurrences = newest_occurrences(Customer.objects.get(uuid=ANN).pk, None)
    # No record holds the time of these two.
    expected = {key for key in recorded if key[1] not in {"Customer Birthday", IDENTIFY}}
    assert expected <= {occurrence.key for occurrence in occurrences}
    assert event in {key[1] for key in recorded}


def test_a_message_goes_from_waiting_to_accepted_in_one_line(
    segment: SegmentStandIn, customer: Customer, integration: Integration
) -> None:
    Customer.objects.filter(pk=customer.pk).update(last_visit=timezone.now())
    order = OrderFactory.create(customer=customer)
    before = lines(read_timeline(customer))
    assert before[0] == ("Order Created", "waiting", "It is being sent.")
    Delivery().run()
    (line,) = (line for line in read_timeline(customer).entries if line.event == "Order Created")
    assert (line.state, line.about, line.earlier) == ("accepted", f"order {order.number}", [])
    assert line.entry
    assert line.entry.id == SendLog.objects.get(event="Order Created").pk


def test_an_event_that_was_not_sent_has_its_reason(
    customer: Customer, integration: Integration
) -> None:
    muted = ["Order Created"]
    integration.muted = muted
    integration.save()
    order = OrderFactory.create(customer=customer)
    integration.enabled = False
    integration.save()
    order.mark_ready()
    reasons = {
        event: sentence
        for event, state, sentence in lines(read_timeline(customer))
        if state == "not-sent"
    }
    assert reasons.keys() == {
        "Order Created",
        "Order Ready",
        "New Customer Signup",
    }
    assert reasons["Order Created"].startswith("“Order Created” has been switched off since ")
    assert reasons["Order Ready"].startswith("The integration has been switched off since ")
    assert reasons["New Customer Signup"].startswith(
        "It happened before the integration was set up, at "
    )
    assert Outgoing.objects.exclude(event=IDENTIFY).count() == 0


def test_a_second_visit_of_a_day_has_a_note_about_the_first(
    customer: Customer, integration: Integration
) -> None:
    Order.create(customer)
    order = Order.create(customer)
    order.return_to_customer(by=None)
    notes = [
        (line.event, bool(line.note))
        for line in read_timeline(customer).entries
        if line.event != "Customer details"
    ]
    assert notes == [
        ("Order Returned", True),
        ("Order Created", True),
        ("Order Created", False),
        ("Customer Visit", False),
        ("New Customer Signup", False),
    ]
    assert "A day counts once" in event_status(read_timeline(customer), "Customer Visit")


def test_an_employee_s_cancellation_is_listed_as_no_event(
    customer: Customer, integration: Integration
) -> None:
    customer.schedule_pickup(customer.business.today() + DAY).cancel(
        via=PickupRequest.CanceledVia.EMPLOYEE
    )
    newest, *_ = lines(read_timeline(customer))
    assert newest[:2] == ("Pickup canceled by an employee", "no-event")
    assert (
        event_status(read_timeline(customer), "Customer Canceled Pickup")
        == "This customer has not canceled a pickup."
    )


def test_without_an_integration_nothing_was_ever_sent(customer: Customer) -> None:
    timeline = read_timeline(customer)
    assert lines(timeline) == [
        ("New Customer Signup", "not-sent", "The integration has never been set up.")
    ]
    assert {status.next for status in timeline.statuses} == {
        "Nothing is sent: the integration is switched off."
    }


def test_the_time_of_switching_on_counts_even_if_it_is_before_the_first_recorded_switch(
    customer: Customer, integration: Integration
) -> None:
    Integration.objects.update(enabled_at=timezone.now() - DAY)
    (sentence,) = (line.sentence for line in read_timeline(customer).entries)
    assert (
        sentence
        == "It was not recorded when it happened. Imported records, for example, make no events."
    )


def test_a_waiting_change_of_details_is_in_the_timeline(
    customer: Customer, integration: Integration
) -> None:
    assert read_timeline(customer).identify_waits is False
    customer.change_phone("+14155550177")
    timeline = read_timeline(customer)
    assert timeline.identify_waits is True
    assert [line for line in lines(timeline) if line[0] == "Customer details"] == [
        ("Customer details", "waiting", "It is being sent.")
    ]


class TestUpcoming:
    """The page announces what the sweeps then do."""

    LAST_VISIT = datetime(2025, 5, 1, 18, 30, tzinfo=ANGELES)

    def business(self, **config: Any) -> Business:
        business: Business = BusinessFactory.create()
        long_ago = datetime(2024, 1, 1, tzinfo=UTC)
        Integration.objects.create(
            business=business, write_key=WRITE_KEY, enabled=True, enabled_at=long_ago, **config
        )
        return business

    @pytest.mark.parametrize("frequency", Customer.VisitFrequency.values)
    def test_a_customer_is_lost_on_the_day_that_the_page_said(self, frequency: str) -> None:
        business = self.business(
            weekly_limit=3, bi_weekly_limit=5, monthly_limit=8, irregular_limit=11
        )
        details = {
            "last_visit": self.LAST_VISIT,
            "created_at": self.LAST_VISIT - 9 * DAY,
            "visit_frequency": frequency,
        }
        customer = CustomerFactory.create(business=business, **details)
        limit = {"weekly": 3, "bi-weekly": 5, "monthly": 8}.get(frequency, 11)
        noon = datetime(2025, 5, 1, 12, tzinfo=ANGELES)
        for day in range(1, limit + 1):
            assert lost.sweep(noon + day * DAY) == 0
            assert f"Not lost until May {limit + 2}, 2025:" in event_status(
                read_timeline(customer, noon + day * DAY), "Customer Lost"
            )
        noon += (limit + 1) * DAY
        assert "Lost since " in event_status(read_timeline(customer, noon), "Customer Lost")
        assert lost.sweep(noon) == 1
        assert (
            "Found lost at 12:00 PM, counting from their last visit on May 1, 2025."
            in event_status(read_timeline(customer, noon), "Customer Lost")
        )

    def test_a_birthday_is_recorded_when_the_page_said(self) -> None:
        business = self.business(birthday_hour=9)
        customer = CustomerFactory.create(business=business)
        at = datetime(2025, 5, 4, 8, 59, tzinfo=ANGELES)
        sentence = event_status(read_timeline(customer, at), "Customer Birthday")
        assert sentence == (
            "No birthday of this customer has been sent. You have not chosen the custom "
            "field that holds the birthday."
        )
        field = CustomFieldFactory.create(
            business=business, kind=CustomField.Kind.DATE, name="Birthday"
        )
        Integration.objects.update(
            birthday_field=field, birthday_field_since=datetime(2024, 1, 1, tzinfo=UTC)
        )
        assert event_status(read_timeline(customer, at), "Customer Birthday").endswith(
            "no date in the custom field “Birthday”."
        )
        with time_machine.travel(at - 9 * DAY):
            CustomFieldValue.record(customer, field, "1988-05-04")
        assert (
            event_status(read_timeline(customer, at), "Customer Birthday")
            == "No birthday of this customer has been sent. Their birthday is today, at 9:00 AM."
        )
        assert [birthdays.sweep(at), birthdays.sweep(at + DAY / 24)] == [0, 1]
        sentence = event_status(read_timeline(customer, at + DAY), "Customer Birthday")
        assert sentence.startswith("Waiting since it happened ")
        assert sentence.endswith("Sent this year, on May 4, 2025. The next is on May 4, 2026.")


class TestBounds:
    def test_the_number_of_queries_does_not_grow_with_the_timeline(
        self, segment: SegmentStandIn, customer: Customer, integration: Integration
    ) -> None:
        few = self.count_queries(customer)
        for _ in range(12):
            Order.create(customer).mark_ready()
        Delivery().run()
        Order.create(customer)
        assert self.count_queries(customer) == few

    def count_queries(self, customer: Customer) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            read_timeline(customer)
        return len(queries)

    def test_pages_follow_each_other_without_a_gap(
        self, customer: Customer, integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(4):
            Order.create(customer, at=timezone.now() - number * DAY)
        whole = [(line.at, line.event) for line in read_timeline(customer).entries]
        monkeypatch.setattr(assemble, "LINES_PER_PAGE", 3)
        lines_of_pages, before = [], None
        for _ in range(len(whole)):
            page = customer_timeline(customer, before, timezone.now())
            lines_of_pages += [(line.at, line.event) for line in page.entries]
            before = page.next_key
            if before is None:
                break
        assert lines_of_pages == whole

    def test_the_page_does_not_search_a_large_backlog_and_says_so(
        self, customer: Customer, integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = Order.create(customer)
        other = CustomerFactory.create(business=customer.business)
        for _ in range(3):
            OrderFactory.create(customer=other)
        monkeypatch.setattr(queries, "OUTBOX_ROWS_READ", 3)
        outcomes = {
            line.about: (line.state, line.sentence) for line in read_timeline(customer).entries
        }
        probably = "It is probably waiting. More messages are waiting than this page can search."
        assert outcomes[f"order {first.number}"] == ("waiting", probably)
        # The identify is found however large the backlog is.
        assert outcomes[""][0] == "waiting"
