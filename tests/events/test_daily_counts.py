"""The daily counts always equal the entries of the send log, counted by day."""

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.models import Business, Customer
from events.models import DailyCount, DailyDelay, Integration, Outcome, Outgoing
from events.outbox.expire import expire
from events.outbox.rows import OutboxRow, SettledMessage, Settlement
from events.outbox.settle import settle
from events.send_log import daily_counts, partitions, retention
from tests.customers.contention import wait_for_waiting
from tests.factories import BrandFactory, BusinessFactory, CustomerFactory

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WAIT_SECONDS = 30.0

COUNT_THE_LOG = """
SELECT l.business_id, l.event, l.outcome, l.brand_id,
    (l.settled_at AT TIME ZONE b.time_zone)::date, count(*)
FROM events_sendlog l JOIN customers_business b ON b.id = l.business_id
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


def queue_message(
    customer: Customer, event: str = "Order Ready", occurred_at: datetime = NOON
) -> OutboxRow:
    """Create a message that waits in the outbox."""
    row = Outgoing.objects.create(
        business_id=customer.business_id,
        customer_id=customer.pk,
        user_id=customer.uuid,
        event=event,
        subject_id=1,
        message_id=uuid4().hex,
        occurred_at=occurred_at,
    )
    columns = (
        row.id,
        row.business_id,
        row.customer_id,
        row.user_id,
        row.event,
        row.subject_id,
        row.message_id,
        row.occurred_at,
    )
    return OutboxRow(*columns, facts={}, attempts=0)


def settle_rows(*rows: OutboxRow, outcome: Outcome = Outcome.ACCEPTED, at: datetime = NOON) -> int:
    return settle(Settlement([SettledMessage(row, outcome) for row in rows]), at)


def counts() -> list[tuple[object, ...]]:
    fields = ("business_id", "event", "outcome", "brand_id", "day", "messages")
    return list(DailyCount.objects.order_by(*fields[:5]).values_list(*fields))


def counted_in_the_log() -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_THE_LOG)
        return list(cursor.fetchall())


def delays() -> list[tuple[date, int, int, int]]:
    return list(
        DailyDelay.objects.order_by("day", "bucket").values_list(
            "day", "bucket", "messages", "worst_ms"
        )
    )


class TestCounts:
    def test_counts_include_every_message_by_event_outcome_and_brand(
        self, customer: Customer
    ) -> None:
        branded = CustomerFactory.create(
            business=customer.business, brand=BrandFactory.create(business=customer.business)
        )
        settle_rows(
            queue_message(customer),
            queue_message(customer),
            queue_message(branded),
            queue_message(customer, "identify"),
        )
        settle_rows(
            queue_message(customer),
            queue_message(branded, "Customer Visit"),
            outcome=Outcome.SKIPPED,
        )
        day = date(2026, 11, 20)
        assert counts() == [
            (customer.business_id, "Customer Visit", "skipped", branded.brand_id, day, 1),
            (customer.business_id, "Order Ready", "accepted", 0, day, 2),
            (customer.business_id, "Order Ready", "accepted", branded.brand_id, day, 1),
            (customer.business_id, "Order Ready", "skipped", 0, day, 1),
            (customer.business_id, "identify", "accepted", 0, day, 1),
        ]
        assert counts() == counted_in_the_log()

    def test_counts_use_the_business_s_local_day(self, db: None) -> None:
        for zone in ("Australia/Sydney", "America/Los_Angeles"):
            settle_rows(
                queue_message(
                    CustomerFactory.create(business=BusinessFactory.create(time_zone=zone))
                ),
                at=NOON + timedelta(hours=2),
            )
        assert [day for *_, day, _ in counts()] == [date(2026, 11, 21), date(2026, 11, 20)]
        assert counts() == counted_in_the_log()

    def test_counts_have_no_brand_for_a_deleted_customer(self, customer: Customer) -> None:
        customer.brand = BrandFactory.create(business=customer.business)
        customer.save()
        row = queue_message(customer)
        customer.visits.all().delete()
        Customer.objects.filter(pk=customer.pk).delete()
        settle_rows(row)
        assert [brand for _, _, _, brand, _, _ in counts()] == [0]
        assert counts() == counted_in_the_log()

    def test_counts_include_messages_of_a_deleted_business(self, db: None) -> None:
        row = OutboxRow(1, 99, 99, uuid4(), "Order Ready", 1, uuid4().hex, NOON, {}, 0)
        Outgoing.objects.create(
            id=1,
            business_id=99,
            customer_id=99,
            user_id=row.user_id,
            event="x",
            subject_id=1,
            message_id=row.message_id,
            occurred_at=NOON,
        )
        settle_rows(row)
        assert counts() == [(99, "Order Ready", "accepted", 0, date(2026, 11, 20), 1)]

    def test_counts_include_expired_messages(
        self, integration: Integration, customer: Customer
    ) -> None:
        now = timezone.now()
        queue_message(customer)
        Outgoing.objects.update(recorded_at=now - timedelta(days=31))
        assert expire(now) == 1
        assert [row[1:3] + row[5:] for row in counts()] == [("Order Ready", "expired", 1)]
        assert counts() == counted_in_the_log()

    def test_counts_leave_out_what_was_not_logged(self, customer: Customer) -> None:
        row = queue_message(customer)
        assert settle_rows(row) == 1
        # A second worker, which has lost its lease, settles the same message.
        assert settle_rows(row) == 0
        assert [messages for *_, messages in counts()] == [1]

    @pytest.mark.django_db(transaction=True)
    def test_counts_are_rolled_back_with_the_settling(self, customer: Customer) -> None:
        row = queue_message(customer)
        with transaction.atomic():
            settle_rows(row)
            transaction.set_rollback(True)
        assert (counts(), delays()) == ([], [])


class TestDelays:
    def test_delays_are_counted_for_accepted_events_only(self, customer: Customer) -> None:
        for milliseconds in (0, 900, 1_000, 70_000):
            settle_rows(
                queue_message(customer, occurred_at=NOON - timedelta(milliseconds=milliseconds))
            )
        settle_rows(
            queue_message(customer, occurred_at=NOON - timedelta(hours=9)), outcome=Outcome.REJECTED
        )
        settle_rows(queue_message(customer, "identify", occurred_at=NOON - timedelta(hours=9)))
        day = date(2026, 11, 20)
        assert delays() == [(day, 0, 1, 0), (day, 39, 2, 1_000), (day, 64, 1, 70_000)]

    def test_delays_of_events_in_the_future_are_zero(self, customer: Customer) -> None:
        settle_rows(queue_message(customer, occurred_at=NOON + timedelta(minutes=5)))
        assert delays() == [(date(2026, 11, 20), 0, 1, 0)]


@given(st.integers(min_value=1, max_value=10**11))
def test_delays_in_a_bucket_exceed_its_start_by_at_most_a_quarter(milliseconds: int) -> None:
    bucket = daily_counts.bucket_of(milliseconds)
    start, end = daily_counts.bucket_start(bucket), daily_counts.bucket_start(bucket + 1)
    assert start <= milliseconds < end <= start * 1.25
    assert bucket < 2**15


EVENTS = st.sampled_from(["Order Ready", "Customer Visit", "identify"])
MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 3),
        EVENTS,
        st.sampled_from(list(Outcome)),
        st.integers(-5, 4 * 3600_000),
        st.integers(0, 60),
    ),
    max_size=30,
)


@pytest.mark.django_db
def test_counts_always_equal_those_of_the_log() -> None:
    businesses = [
        BusinessFactory.create(time_zone=zone) for zone in ("Asia/Kolkata", "America/New_York")
    ]
    customers = [
        CustomerFactory.create(business=business) for business in businesses for _ in range(2)
    ]
    customers[3].brand = BrandFactory.create(business=businesses[1])
    customers[3].save()

    @given(MESSAGES)
    @settings(max_examples=40, deadline=None)
    @transaction.atomic
    def check(messages: list[tuple[int, str, Outcome, int, int]]) -> None:
        by_hour: dict[int, list[SettledMessage]] = defaultdict(list)
        for number, (customer_number, event, outcome, milliseconds, hours) in enumerate(messages):
            occurred_at = NOON + timedelta(hours=hours, milliseconds=-milliseconds)
            # At most one identify can wait for a customer.
            name = f"{event} {number}" if event == "identify" and number else event
            by_hour[hours].append(
                SettledMessage(
                    queue_message(customers[customer_number], name, occurred_at), outcome
                )
            )
        for hours, items in by_hour.items():
            settle(Settlement(items), NOON + timedelta(hours=hours))
        assert counts() == counted_in_the_log()
        transaction.set_rollback(True)

    check()


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    """Each worker is a thread with a database connection of its own."""

    def test_workers_that_settle_for_the_same_businesses_count_everything_and_none_fails(
        self,
    ) -> None:
        customers = [CustomerFactory.create() for _ in range(2)]
        events = [f"Made Up {number}" for number in range(60)]
        work = [
            [
                [queue_message(customer, event) for customer in customers for event in events]
                for _ in range(4)
            ]
            for _ in range(4)
        ]
        for chunk in work[0] + work[1]:
            chunk.reverse()
        barrier = Barrier(4)
        with ThreadPoolExecutor(4) as workers:
            workers_done = [
                workers.submit(closing_connection, partial(settle_all, chunks, barrier))
                for chunks in work
            ]
            assert [worker.result(WAIT_SECONDS) for worker in workers_done] == [4 * 120] * 4
        assert [messages for *_, messages in counts()] == [16] * 120
        assert counts() == counted_in_the_log()

    def test_workers_that_settle_for_different_businesses_do_not_wait_for_each_other(self) -> None:
        first, second = (queue_message(CustomerFactory.create()) for _ in range(2))
        with ThreadPoolExecutor(1) as worker, transaction.atomic():
            settle_rows(first)
            other = worker.submit(closing_connection, lambda: settle_rows(second))
            assert other.result(WAIT_SECONDS) == 1
        assert [messages for *_, messages in counts()] == [1, 1]

    def test_workers_that_settle_for_one_business_count_one_after_the_other(
        self, customer: Customer
    ) -> None:
        first, second = queue_message(customer), queue_message(customer)
        with ThreadPoolExecutor(1) as worker:
            with transaction.atomic():
                settle_rows(first)
                other = worker.submit(closing_connection, lambda: settle_rows(second))
                wait_for_waiting(1)
            assert other.result(WAIT_SECONDS) == 1
        assert [messages for *_, messages in counts()] == [2]
        assert counts() == counted_in_the_log()

    def test_only_the_second_settling_counts_if_the_first_is_rolled_back(
        self, customer: Customer
    ) -> None:
        first, second = queue_message(customer), queue_message(customer)
        with ThreadPoolExecutor(1) as worker:
            with transaction.atomic():
                settle_rows(first)
                other = worker.submit(closing_connection, lambda: settle_rows(second))
                wait_for_waiting(1)
                transaction.set_rollback(True)
            assert other.result(WAIT_SECONDS) == 1
        assert [messages for *_, messages in counts()] == [1]
        assert counts() == counted_in_the_log()


def settle_all(chunks: list[list[OutboxRow]], barrier: Barrier) -> int:
    """Settle one chunk after the other, each when all workers are ready for it."""
    logged = 0
    for rows in chunks:
        barrier.wait(WAIT_SECONDS)
        logged += settle_rows(*rows)
    return logged


def closing_connection(action: Callable[[], int]) -> int:
    try:
        return action()
    finally:
        connection.close()


class TestRetention:
    def test_counts_are_deleted_with_their_part_of_the_log(self, business: Business) -> None:
        other = BusinessFactory.create()
        Integration.objects.create(business=business, retention_months=2)
        Integration.objects.create(business=other, retention_months=4)
        for owner in (business, other):
            customer = CustomerFactory.create(business=owner)
            for month in (5, 6, 7, 8, 9):
                at = datetime(2016, month, 15, tzinfo=UTC)
                partitions.create_month(partitions.month_of(at))
                settle_rows(queue_message(customer, occurred_at=at), at=at)
        retention.drop_old(datetime(2016, 9, 20, tzinfo=UTC))
        kept = {business.pk: [7, 8, 9], other.pk: [5, 6, 7, 8, 9]}
        assert months_of(DailyCount) == months_of(DailyDelay) == kept
        assert counts() == counted_in_the_log()
        retention.drop_old(datetime(2016, 11, 1, tzinfo=UTC))
        assert (
            months_of(DailyCount)
            == months_of(DailyDelay)
            == {business.pk: [9], other.pk: [7, 8, 9]}
        )
        assert counts() == counted_in_the_log()


def months_of(model: type[DailyCount | DailyDelay]) -> dict[int, list[int]]:
    months: dict[int, list[int]] = {}
    for business_id, day in model.objects.order_by("business_id", "day").values_list(
        "business_id", "day"
    ):
        months.setdefault(business_id, []).append(day.month)
    return months
