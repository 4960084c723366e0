"""A customer's story, read from the database: complete, bounded, and written nowhere."""

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
from tests.events.golden_business import ANN, TUESDAY, Shop
from tests.events.outbox_rows import nothing_written, waiting
from tests.events.scenarios import STORIES
from tests.factories import BusinessFactory, CustomerFactory, CustomFieldFactory, OrderFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db
ANGELES = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)


def tell_of(customer: Customer, now: datetime | None = None) -> CustomerTimeline:
    customer.refresh_from_db()
    with nothing_written():
        return customer_timeline(customer, None, now or timezone.now())


def lines(found: CustomerTimeline) -> list[tuple[str, str, str]]:
    return [(line.event, line.state, line.sentence) for line in found.entries]


def stand(found: CustomerTimeline, event: str) -> str:
    (one,) = (one for one in found.statuses if one.event == event)
    return f"{one.last} {one.next}".strip()


@pytest.mark.parametrize("name", STORIES)
def test_whatever_is_recorded_is_known_to_have_happened_at_that_very_moment(name: str) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        event = STORIES[name](Shop())
    recorded = {(row.occurred_at, row.event, row.subject_id) for row in waiting(customer__uuid=ANN)}
    happened = {one.key for one in newest_occurrences(Customer.objects.get(uuid=ANN).pk, None)}
    # neither is a record of its own
    assert {key for key in recorded if key[1] not in {"Customer Birthday", IDENTIFY}} <= happened
    assert event in {key[1] for key in recorded}


def test_it_goes_from_waiting_to_accepted_under_one_line(
    segment: SegmentStandIn, customer: Customer, integration: Integration
) -> None:
    Customer.objects.filter(pk=customer.pk).update(last_visit=timezone.now())
    order = OrderFactory.create(customer=customer)
    before = lines(tell_of(customer))
    assert before[0] == ("Order Created", "waiting", "It is being sent.")
    Delivery().run()
    (told,) = (line for line in tell_of(customer).entries if line.event == "Order Created")
    assert (told.state, told.about, told.earlier) == ("accepted", f"order {order.number}", [])
    assert told.entry
    assert told.entry.id == SendLog.objects.get(event="Order Created").pk


def test_what_was_not_sent_is_told_with_its_reason(
    customer: Customer, integration: Integration
) -> None:
    muted = ["Order Created"]
    integration.muted = muted
    integration.save()
    order = OrderFactory.create(customer=customer)
    integration.enabled = False
    integration.save()
    order.mark_ready()
    found = tell_of(customer)
    told = {event: sentence for event, state, sentence in lines(found) if state == "not-sent"}
    assert told.keys() == {
        "Order Created",
        "Order Ready",
        "New Customer Signup",
    }
    assert told["Order Created"].startswith("“Order Created” has been switched off since ")
    assert told["Order Ready"].startswith("The integration has been switched off since ")
    assert told["New Customer Signup"].startswith(
        "It happened before the integration was set up, at "
    )
    assert Outgoing.objects.exclude(event=IDENTIFY).count() == 0


def test_a_second_visit_of_a_day_is_told_with_the_first(
    customer: Customer, integration: Integration
) -> None:
    Order.create(customer)
    order = Order.create(customer)
    order.return_to_customer(by=None)
    notes = [
        (line.event, bool(line.note))
        for line in tell_of(customer).entries
        if line.event != "Customer details"
    ]
    assert notes == [
        ("Order Returned", True),
        ("Order Created", True),
        ("Order Created", False),
        ("Customer Visit", False),
        ("New Customer Signup", False),
    ]
    assert "A day counts once" in stand(tell_of(customer), "Customer Visit")


def test_an_employee_s_cancellation_is_listed_as_no_event(
    customer: Customer, integration: Integration
) -> None:
    customer.schedule_pickup(customer.business.today() + DAY).cancel(
        via=PickupRequest.CanceledVia.EMPLOYEE
    )
    told = [(event, state) for event, state, _ in lines(tell_of(customer))]
    assert told[0] == ("Pickup canceled by an employee", "no-event")
    assert (
        stand(tell_of(customer), "Customer Canceled Pickup")
        == "This customer has not canceled a pickup."
    )


def test_without_an_integration_nothing_was_ever_sent(customer: Customer) -> None:
    found = tell_of(customer)
    assert lines(found) == [
        ("New Customer Signup", "not-sent", "The integration has never been set up.")
    ]
    assert {one.next for one in found.statuses} == {
        "Nothing is sent: the integration is switched off."
    }


def test_since_when_it_is_on_counts_also_from_before_switches_were_noted(
    customer: Customer, integration: Integration
) -> None:
    Integration.objects.update(enabled_at=timezone.now() - DAY)
    (told,) = (line.sentence for line in tell_of(customer).entries)
    assert (
        told
        == "It was not recorded when it happened. Imported records, for example, make no events."
    )


def test_a_change_of_details_that_waits_is_told(
    customer: Customer, integration: Integration
) -> None:
    assert tell_of(customer).identify_waits is False
    customer.change_phone("+14155550177")
    found = tell_of(customer)
    assert found.identify_waits is True
    assert [line for line in lines(found) if line[0] == "Customer details"] == [
        ("Customer details", "waiting", "It is being sent.")
    ]


class TestAhead:
    """What the page says of the future is what the sweeps do."""

    SEEN = datetime(2025, 5, 1, 18, 30, tzinfo=ANGELES)

    def business(self, **config: Any) -> Business:
        business: Business = BusinessFactory.create()
        long_ago = datetime(2024, 1, 1, tzinfo=UTC)
        Integration.objects.create(
            business=business, write_key=WRITE_KEY, enabled=True, enabled_at=long_ago, **config
        )
        return business

    @pytest.mark.parametrize("frequency", Customer.VisitFrequency.values)
    def test_lost_until(self, frequency: str) -> None:
        business = self.business(
            weekly_limit=3, bi_weekly_limit=5, monthly_limit=8, irregular_limit=11
        )
        details = {
            "last_visit": self.SEEN,
            "created_at": self.SEEN - 9 * DAY,
            "visit_frequency": frequency,
        }
        customer = CustomerFactory.create(business=business, **details)
        limit = {"weekly": 3, "bi-weekly": 5, "monthly": 8}.get(frequency, 11)
        noon = datetime(2025, 5, 1, 12, tzinfo=ANGELES)
        for day in range(1, limit + 1):
            assert lost.sweep(noon + day * DAY) == 0
            assert f"Not lost until {limit + 2} May:" in stand(
                tell_of(customer, noon + day * DAY), "Customer Lost"
            )
        noon += (limit + 1) * DAY
        assert "Lost since " in stand(tell_of(customer, noon), "Customer Lost")
        assert lost.sweep(noon) == 1
        assert "Found lost at 12:00, counting from their last visit on 1 May." in stand(
            tell_of(customer, noon), "Customer Lost"
        )

    def test_a_birthday(self) -> None:
        business = self.business(birthday_hour=9)
        customer = CustomerFactory.create(business=business)
        at = datetime(2025, 5, 4, 8, 59, tzinfo=ANGELES)
        told = stand(tell_of(customer, at), "Customer Birthday")
        assert told == (
            "No birthday of this customer has been sent. You have not chosen the custom "
            "field that holds the birthday."
        )
        field = CustomFieldFactory.create(
            business=business, kind=CustomField.Kind.DATE, name="Birthday"
        )
        Integration.objects.update(
            birthday_field=field, birthday_field_since=datetime(2024, 1, 1, tzinfo=UTC)
        )
        assert stand(tell_of(customer, at), "Customer Birthday").endswith(
            "no date in the custom field “Birthday”."
        )
        with time_machine.travel(at - 9 * DAY):
            CustomFieldValue.record(customer, field, "1988-05-04")
        assert (
            stand(tell_of(customer, at), "Customer Birthday")
            == "No birthday of this customer has been sent. Their birthday is today, at 09:00."
        )
        assert [birthdays.sweep(at), birthdays.sweep(at + DAY / 24)] == [0, 1]
        told = stand(tell_of(customer, at + DAY), "Customer Birthday")
        assert told.startswith("Waiting since it happened ")
        assert told.endswith("Sent this year, on 4 May. The next is on 4 May 2026.")


class TestBounds:
    def test_the_queries_do_not_grow_with_the_story(
        self, segment: SegmentStandIn, customer: Customer, integration: Integration
    ) -> None:
        few = self.queries(customer)
        for _ in range(12):
            Order.create(customer).mark_ready()
        Delivery().run()
        Order.create(customer)
        assert self.queries(customer) == few

    def queries(self, customer: Customer) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tell_of(customer)
        return len(queries)

    def test_pages_follow_each_other_without_gap(
        self, customer: Customer, integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(4):
            Order.create(customer, at=timezone.now() - number * DAY)
        whole = [(line.at, line.event) for line in tell_of(customer).entries]
        monkeypatch.setattr(assemble, "LINES_PER_PAGE", 3)
        seen, before = [], None
        for _ in range(len(whole)):
            found = customer_timeline(customer, before, timezone.now())
            seen += [(line.at, line.event) for line in found.entries]
            before = found.next_key
            if before is None:
                break
        assert seen == whole

    def test_a_large_backlog_is_not_looked_through_and_that_is_said(
        self, customer: Customer, integration: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = Order.create(customer)
        other = CustomerFactory.create(business=customer.business)
        for _ in range(3):
            OrderFactory.create(customer=other)
        monkeypatch.setattr(queries, "OUTBOX_ROWS_READ", 3)
        told = {line.about: (line.state, line.sentence) for line in tell_of(customer).entries}
        probably = "It is probably waiting. More messages are waiting than this page can search."
        assert told[f"order {first.number}"] == ("waiting", probably)
        # the details are found whatever waits
        assert told[""][0] == "waiting"
