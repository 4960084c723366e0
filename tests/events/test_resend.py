"""Resending puts entries into the outbox under their message ids, each entry at most once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from customers.models import Business, Customer
from events.jobs import resend, run
from events.models import Integration, Outcome, Request, Resent, SendLog
from events.send_log import pages, retention
from events.send_log.entries import LogEntry
from events.send_log.filter import MessageFilter
from smrt_integration.delivery.deliver import Delivery
from tests.events.log_entries import create_log_entry
from tests.events.outbox_rows import nothing_written, waiting
from tests.factories import CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def entries(*rows: SendLog) -> list[LogEntry]:
    return pages.entries_by_id([row.pk for row in rows], None)


def resend_rows(*rows: SendLog) -> int:
    return resend.resend(rows[0].business_id, entries(*rows), None, timezone.now())


def resent() -> list[int]:
    return list(Resent.objects.order_by("log_id").values_list("log_id", flat=True))


class TestOneEntry:
    def test_a_resent_entry_waits_again_as_it_was_recorded(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer, subject_id=7)
        assert resend_rows(entry) == 1
        (row,) = waiting()
        assert (row.event, row.subject_id, row.message_id) == (
            "Customer Visit",
            7,
            entry.message_id,
        )
        assert (row.occurred_at, row.facts, row.attempts) == (
            entry.occurred_at,
            {"visit_type": "Store"},
            0,
        )
        assert (row.customer_id, row.user_id, row.business_id) == (
            customer.pk,
            customer.uuid,
            customer.business_id,
        )

    def test_segment_gets_the_customer_details_and_then_the_entry_under_its_message_id(
        self, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        entry = create_log_entry(customer)
        resend_rows(entry)
        Delivery().run()
        assert [message["type"] for message in segment.accepted()] == ["identify", "track"]
        assert segment.accepted()[-1]["messageId"] == entry.message_id

    @pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.SKIPPED, Outcome.EXPIRED])
    def test_an_entry_with_any_outcome_but_accepted_can_be_sent_again(
        self, integration: Integration, customer: Customer, outcome: Outcome
    ) -> None:
        assert resend_rows(create_log_entry(customer, outcome=outcome)) == 1

    def test_an_accepted_entry_is_not_sent_again(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer, outcome=Outcome.ACCEPTED)
        with nothing_written():
            assert resend_rows(entry) == 0
        assert resent() == []

    def test_a_test_event_is_not_sent_again(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer, "Test Event")
        with nothing_written():
            assert resend_rows(entry) == 0

    def test_an_entry_of_a_deleted_customer_is_not_sent_again(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer)
        customer.delete()
        with nothing_written():
            assert resend_rows(entry) == 0
        assert resent() == []

    def test_another_business_cannot_send_an_entry_again(
        self, integration: Integration, customer: Customer
    ) -> None:
        stranger = CustomerFactory.create()
        Integration.objects.create(business=stranger.business, enabled=True)
        entry = create_log_entry(customer)
        with nothing_written():
            assert resend.resend(stranger.business_id, entries(entry), None, timezone.now()) == 0
        assert resent() == []


class TestSwitches:
    def test_nothing_is_sent_again_while_the_integration_is_off(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer)
        integration.enabled = False
        integration.save()
        with nothing_written():
            assert resend_rows(entry) == 0
        assert resent() == []

    def test_a_muted_event_is_not_sent_again_but_others_are(
        self, integration: Integration, customer: Customer
    ) -> None:
        muted, other = (
            create_log_entry(customer),
            create_log_entry(customer, "New Customer Signup", facts={"source": "POS"}),
        )
        integration.muted = ["Customer Visit"]
        integration.save()
        assert resend_rows(muted, other) == 1
        assert [row.event for row in waiting()] == ["New Customer Signup"]
        assert resent() == [other.pk]


class TestOnce:
    def test_two_requests_send_an_entry_once(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer)
        assert (resend_rows(entry), resend_rows(entry)) == (1, 0)
        assert len(waiting()) == 1

    def test_an_entry_that_was_sent_meanwhile_is_not_sent_again(
        self, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        entry = create_log_entry(customer)
        resend_rows(entry)
        Delivery().run()
        with nothing_written():
            assert resend_rows(entry) == 0

    def test_a_second_refusal_is_a_new_entry_that_can_be_sent_again(
        self, integration: Integration, customer: Customer, segment: SegmentStandIn
    ) -> None:
        first = create_log_entry(customer)
        resend_rows(first)
        segment.fault("refuse_messages", contains=first.message_id)
        Delivery().run()
        second = SendLog.objects.filter(message_id=first.message_id).exclude(pk=first.pk).get()
        assert second.outcome == "rejected"
        assert (resend_rows(first), resend_rows(second)) == (0, 1)
        assert [row.message_id for row in waiting()] == [first.message_id]

    @pytest.mark.django_db(transaction=True)
    def test_two_concurrent_requests_send_an_entry_once(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer)
        barrier = Barrier(2)

        def click() -> int:
            barrier.wait(timeout=20)
            try:
                return resend_rows(entry)
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            clicks = [threads.submit(click) for _ in range(2)]
            assert sorted(one.result(timeout=20) for one in clicks) == [0, 1]
        assert len(waiting()) == 1


class TestCustomerDetails:
    def test_details_are_sent_as_they_are_now_under_a_new_message_id(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer, "identify", facts={})
        assert resend_rows(entry) == 1
        (row,) = waiting()
        assert row.event == "identify"
        assert row.message_id != entry.message_id

    def test_details_are_sent_once_for_several_entries(
        self, integration: Integration, customer: Customer
    ) -> None:
        rows = [create_log_entry(customer, "identify", facts={}) for _ in range(3)]
        assert resend_rows(*rows) == 1
        assert len(waiting()) == 1
        assert resent() == sorted(row.pk for row in rows)

    def test_details_that_segment_had_already_are_not_sent(
        self, integration: Integration, customer: Customer
    ) -> None:
        entry = create_log_entry(customer, "identify", Outcome.SKIPPED, facts={})
        with nothing_written():
            assert resend_rows(entry) == 0


@pytest.fixture
def rejected(integration: Integration, customer: Customer) -> list[SendLog]:
    start = timezone.now() - timedelta(hours=1)
    return [
        create_log_entry(customer, at=start + timedelta(seconds=n), subject_id=n) for n in range(7)
    ]


def create_job(business: Business, **which: Any) -> Request | None:
    return resend.request_resend(
        MessageFilter((business.pk,), resendable=True, **which), None, timezone.now()
    )


class TestEverythingThatMatches:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resend, "RESEND_CHUNK_SIZE", 3)

    def test_a_job_sends_all_entries_again_in_chunks_oldest_first(
        self, business: Business, customer: Customer, rejected: list[SendLog]
    ) -> None:
        create_log_entry(customer, outcome=Outcome.ACCEPTED)
        request = create_job(business)
        assert request
        assert request.expected == 7
        assert run.run_jobs(timezone.now()) == 3
        request.refresh_from_db()
        assert (request.done, request.passed_over, request.finished_at is not None) == (7, 0, True)
        assert [row.subject_id for row in waiting()] == list(range(7))

    def test_a_job_leaves_out_entries_that_do_not_match(
        self, business: Business, customer: Customer, rejected: list[SendLog]
    ) -> None:
        other = create_log_entry(customer, "New Customer Signup", facts={"source": "POS"})
        request = create_job(business, event="New Customer Signup")
        assert request
        assert request.expected == 1
        run.run_jobs(timezone.now())
        assert [row.message_id for row in waiting()] == [other.message_id]

    def test_a_job_leaves_out_entries_that_are_logged_later(
        self, business: Business, customer: Customer, rejected: list[SendLog]
    ) -> None:
        create_job(business)
        create_log_entry(customer, subject_id=99)
        run.run_jobs(timezone.now())
        assert [row.subject_id for row in waiting()] == list(range(7))

    def test_a_job_leaves_out_entries_that_were_sent_again_before(
        self, business: Business, rejected: list[SendLog]
    ) -> None:
        resend_rows(*rejected[:2])
        request = create_job(business)
        run.run_jobs(timezone.now())
        assert request
        request.refresh_from_db()
        assert (request.done, request.passed_over) == (5, 2)
        assert len(waiting()) == 7

    def test_a_job_continues_where_a_worker_died(
        self, business: Business, rejected: list[SendLog]
    ) -> None:
        request = create_job(business)
        assert request
        with transaction.atomic():
            assert resend.resend_chunk(request, timezone.now()) is False
            request.save()
        with transaction.atomic():
            resend.resend_chunk(request, timezone.now())
            transaction.set_rollback(True)
        assert len(waiting()) == 3
        run.run_jobs(timezone.now())
        request.refresh_from_db()
        assert (request.done, request.passed_over) == (7, 0)
        assert [row.subject_id for row in waiting()] == list(range(7))

    def test_two_equal_requests_are_one_job(
        self, business: Business, rejected: list[SendLog]
    ) -> None:
        first, second = create_job(business), create_job(business)
        assert first == second
        assert Request.objects.count() == 1

    @pytest.mark.parametrize("reason", ["off", "nothing"])
    def test_a_request_with_nothing_to_do_creates_no_job(
        self, business: Business, integration: Integration, rejected: list[SendLog], reason: str
    ) -> None:
        if reason == "off":
            Integration.objects.update(enabled=False)
        with nothing_written():
            assert (
                create_job(business, event="Order Ready")
                if reason == "nothing"
                else create_job(business)
            ) is None
        assert not Request.objects.exists()


def test_marks_of_deleted_entries_are_deleted(integration: Integration, customer: Customer) -> None:
    entry, later = create_log_entry(customer), create_log_entry(customer)
    resend_rows(entry, later)
    SendLog.objects.filter(pk=entry.pk).delete()
    retention.drop_old(timezone.now())
    assert resent() == [later.pk]


def test_the_daily_counts_give_the_number_of_entries_to_send_again(
    customer: Customer, integration: Integration
) -> None:
    for event, outcome in (
        ("Customer Visit", Outcome.REJECTED),
        ("Customer Visit", Outcome.ACCEPTED),
        ("identify", Outcome.SKIPPED),
        ("identify", Outcome.REJECTED),
        ("Test Event", Outcome.REJECTED),
    ):
        create_log_entry(customer, event, outcome)
    matching = MessageFilter((customer.business_id,), resendable=True)
    assert pages.count(matching) == 2
    assert [(entry.event, entry.outcome) for entry in pages.page(matching, 10).entries] == [
        ("identify", "rejected"),
        ("Customer Visit", "rejected"),
    ]
