"""Owners get one email about a problem and one when it is solved, and never many."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Business, Customer, Membership
from events.alerts.decide import (
    DAY,
    MOST_EMAILS_A_DAY,
    NOTHING,
    AlertDecision,
    Email,
    Problem,
    Situation,
    decide,
)
from events.alerts.watch import watch
from events.lanes.status import CHOICE_WANTED, DISCARDING
from events.models import Alert, Integration, Lane, Outgoing
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.tasks import alert_owners
from tests.conftest import WRITE_KEY
from tests.events.mail_server import MailServer, mail_server
from tests.factories import BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REFUSED_KEY = "Segment refused the write key. Copy it again from Segment and save it here."

WELL = Situation(enabled=True)
OFF = Situation(enabled=False, stopped_since=NOON, waiting_since=NOON - HOUR)
STOPPED = Situation(enabled=True, stopped_since=NOON - MINUTE, waiting_since=NOON - 2 * HOUR)
WAITING = Situation(enabled=True, waiting_since=NOON - HOUR, failing=True)
HELD = Situation(enabled=True, held_since=NOON - DAY)
FAILING = Situation(enabled=True, waiting_since=NOON - 59 * MINUTE, failing=True)

EMAILED_STOPPED = Problem("stopped", NOON - HOUR, "stopped")
EMAILED_WAITING = Problem("waiting", NOON - HOUR, "waiting")
QUIET = NOON - 10 * MINUTE


@pytest.mark.parametrize(
    ("situation", "problem", "decision"),
    [
        (WELL, None, NOTHING),
        (FAILING, None, NOTHING),
        (STOPPED, None, AlertDecision(Problem("stopped", NOON - MINUTE), Email.PROBLEM)),
        (WAITING, None, AlertDecision(Problem("waiting", NOON - HOUR), Email.PROBLEM)),
        # Owners get one email about a problem.
        (STOPPED, EMAILED_STOPPED, AlertDecision(EMAILED_STOPPED)),
        (WAITING, EMAILED_WAITING, AlertDecision(EMAILED_WAITING)),
        # Owners get an email about a worse problem, but not about a lesser one.
        (
            STOPPED,
            EMAILED_WAITING,
            AlertDecision(Problem("stopped", NOON - MINUTE, "waiting"), Email.PROBLEM),
        ),
        (WAITING, EMAILED_STOPPED, AlertDecision(EMAILED_STOPPED)),
        # A problem without an email yet is reported as it is now.
        (
            WAITING,
            Problem("stopped", NOON - HOUR),
            AlertDecision(Problem("waiting", NOON - HOUR), Email.PROBLEM),
        ),
        # A problem is solved after ten minutes without errors.
        (WELL, EMAILED_STOPPED, AlertDecision(Problem("stopped", NOON - HOUR, "stopped", NOON))),
        (
            WELL,
            Problem("stopped", NOON - HOUR, "stopped", QUIET + MINUTE),
            AlertDecision(Problem("stopped", NOON - HOUR, "stopped", QUIET + MINUTE)),
        ),
        (
            WELL,
            Problem("stopped", NOON - HOUR, "stopped", QUIET),
            AlertDecision(Problem("stopped", NOON - HOUR, "stopped", QUIET), Email.SOLVED),
        ),
        (
            FAILING,
            Problem("stopped", NOON - HOUR, "stopped", QUIET),
            AlertDecision(EMAILED_STOPPED),
        ),
        (
            STOPPED,
            Problem("stopped", NOON - HOUR, "stopped", QUIET),
            AlertDecision(EMAILED_STOPPED),
        ),
        # Without an email about the problem there is none that it is solved.
        (WELL, Problem("stopped", NOON - HOUR, "", QUIET), NOTHING),
        # Owners are asked about held events in an email of its own, after a worse problem.
        (HELD, None, AlertDecision(Problem("held", NOON - DAY), Email.PROBLEM)),
        (HELD, EMAILED_WAITING, AlertDecision(Problem("waiting", NOON - HOUR, "waiting", NOON))),
        (
            HELD,
            Problem("waiting", NOON - HOUR, "waiting", QUIET),
            AlertDecision(Problem("waiting", NOON - HOUR, "waiting", QUIET), Email.SOLVED),
        ),
        (OFF, None, NOTHING),
        (OFF, EMAILED_STOPPED, NOTHING),
    ],
)
def test_the_decision_follows_from_the_situation_and_the_stored_problem(
    situation: Situation, problem: Problem | None, decision: AlertDecision
) -> None:
    assert decide(situation, problem, 0, NOON) == decision


@pytest.mark.parametrize(
    ("emails_today", "email"), [(MOST_EMAILS_A_DAY - 1, Email.PROBLEM), (MOST_EMAILS_A_DAY, None)]
)
def test_a_business_gets_at_most_four_emails_about_problems_in_a_day(
    emails_today: int, email: Email | None
) -> None:
    assert decide(STOPPED, None, emails_today, NOON) == AlertDecision(
        Problem("stopped", NOON - MINUTE), email
    )


def test_the_email_that_a_problem_is_solved_is_sent_after_any_number_of_emails() -> None:
    assert (
        decide(WELL, Problem("stopped", NOON - HOUR, "stopped", QUIET), 99, NOON).email
        is Email.SOLVED
    )


STATES = st.lists(
    st.tuples(
        st.sampled_from(["well", "off", "stopped", "waiting", "failing"]), st.integers(1, 40)
    ),
    max_size=60,
)


@given(STATES)
def test_in_any_sequence_of_situations_emails_alternate_and_keep_the_limit(
    states: list[tuple[str, int]],
) -> None:
    """Each situation lasts for some minutes. Each minute sends the email that is due."""
    emails: list[tuple[datetime, str]] = []
    problem, now = None, NOON
    for state, minutes in states:
        for _ in range(minutes):
            now += MINUTE
            today = sum(kind != "solved" and at > now - 24 * HOUR for at, kind in emails)
            decision = decide(situation_of(state, now), problem, today, now)
            problem = decision.problem
            if decision.email is Email.PROBLEM:
                assert problem is not None
                emails.append((now, problem.kind))
                problem = Problem(problem.kind, problem.since, problem.kind, problem.quiet_since)
            elif decision.email is Email.SOLVED:
                emails.append((now, "solved"))
                problem = None
            assert decision.email is None or state != "off"
            assert decision.email is not Email.PROBLEM or state in {"stopped", "waiting"}
    for (earlier, before), (later, after) in pairwise(emails):
        assert (before, after) not in {
            ("stopped", "waiting"),
            ("solved", "solved"),
        } or "off" in dict(states)
        assert before != "solved" or later - earlier >= MINUTE
        assert after != "solved" or later - earlier >= 10 * MINUTE
    assert not emails or emails[0][1] != "solved"
    for at, _ in emails:
        assert (
            sum(kind != "solved" and at - 24 * HOUR < other <= at for other, kind in emails)
            <= MOST_EMAILS_A_DAY
        )


def situation_of(state: str, now: datetime) -> Situation:
    waiting = {"waiting": now - HOUR, "failing": now - MINUTE}.get(state)
    return Situation(
        state != "off",
        now if state == "stopped" else None,
        waiting,
        state in {"waiting", "failing"},
    )


@pytest.fixture
def owner(business: Business) -> User:
    return member(business, "olivia")


def member(
    business: Business, name: str, role: str = Membership.Role.OWNER, **details: Any
) -> User:
    user, _ = User.objects.get_or_create(
        username=name, defaults={"email": f"{name}@example.com", "is_staff": True} | details
    )
    Membership.objects.create(user=user, business=business, role=role)
    return user


def halt_lane(business: Business, at: datetime, reason: str = REFUSED_KEY) -> None:
    Lane.objects.filter(business=business).update(stopped=reason, last_error=reason, stopped_at=at)


def resume_lane(business: Business) -> None:
    Lane.objects.filter(business=business).update(stopped="", last_error="", stopped_at=None)


def queue_event(customer: Customer, since: datetime) -> None:
    Outgoing.objects.create(
        business_id=customer.business_id,
        customer_id=customer.pk,
        user_id=customer.uuid,
        event="Order Ready",
        subject_id=1,
        message_id="0" * 32,
        occurred_at=since,
    )
    Outgoing.objects.update(recorded_at=since)


def subjects() -> list[str]:
    return [str(email.subject) for email in mail.outbox]


@pytest.fixture
def cleaners(integration: Integration, owner: User) -> Business:
    """Switched on long ago, with an owner who has an address."""
    Integration.objects.update(enabled_at=NOON - timedelta(days=30))
    Business.objects.update(name="Bridge Cleaners", time_zone="America/New_York")
    return Business.objects.get()


class TestProblemEmail:
    def test_the_email_goes_to_the_owners_once_and_says_what_to_do(
        self, cleaners: Business, customer: Customer, settings: Any
    ) -> None:
        member(cleaners, "oscar")
        member(cleaners, "henry", Membership.Role.HELPER)
        member(cleaners, "gone", is_active=False)
        member(cleaners, "silent", email="")
        halt_lane(cleaners, NOON)
        queue_event(customer, NOON - MINUTE)
        settings.PUBLIC_URL = "https://smrt.example.com"

        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 2, 3)] == [1, 0, 0]

        (email,) = mail.outbox
        assert (email.to, email.subject) == (
            ["olivia@example.com", "oscar@example.com"],
            "Bridge Cleaners: events are not being sent to Segment",
        )
        assert (
            email.body
            == f"""\
The Segment integration of Bridge Cleaners has stopped sending events.

Sending stopped at 7:00 AM: Segment refused the write key. 1 event is waiting; \
it will be sent when this is fixed.

What to do: Copy it again from Segment and save it here.

No event is lost. Events wait for up to 30 days, and are sent in order as soon as this is fixed.

See the status and the waiting events:
https://smrt.example.com/admin/events/integration/{cleaners.pk}/change/

Times are in the time zone America/New_York.
You get this email because you are an owner of Bridge Cleaners in SMRT.
We write once when there is a problem, and once when it is solved.
"""
        )

    def test_the_email_contains_nothing_about_a_customer_and_no_key(
        self, cleaners: Business, customer: Customer
    ) -> None:
        halt_lane(cleaners, NOON)
        queue_event(customer, NOON - 2 * HOUR)
        watch(NOON)
        (email,) = mail.outbox
        for secret in (
            customer.name,
            customer.email,
            customer.phone,
            str(customer.uuid),
            WRITE_KEY,
            WRITE_KEY[-4:],
        ):
            assert not secret or secret not in f"{email.subject} {email.body}"

    def test_the_email_is_sent_when_events_have_waited_for_an_hour(
        self, cleaners: Business, customer: Customer
    ) -> None:
        queue_event(customer, NOON)
        assert [watch(NOON + minutes * MINUTE) for minutes in (0, 59, 60, 61)] == [0, 0, 1, 0]
        assert subjects() == ["Bridge Cleaners: events are waiting to be sent to Segment"]
        sentence = (
            "Bridge Cleaners could not send events to Segment for an hour. "
            "1 event has been waiting since 7:00 AM."
        )
        assert sentence in mail.outbox[0].body

    def test_time_before_the_business_was_switched_on_does_not_count(
        self, cleaners: Business, customer: Customer
    ) -> None:
        Integration.objects.update(enabled_at=NOON)
        queue_event(customer, NOON - timedelta(days=3))
        assert [watch(NOON + minutes * MINUTE) for minutes in (0, 59, 60)] == [0, 0, 1]

    @pytest.mark.parametrize("reason", [CHOICE_WANTED, DISCARDING])
    def test_no_email_is_sent_about_what_the_owner_decided_or_has_to_decide(
        self, cleaners: Business, reason: str
    ) -> None:
        halt_lane(cleaners, NOON, reason)
        assert watch(NOON + timedelta(days=1)) == 0
        assert not Alert.objects.exists()

    def test_another_email_is_sent_if_the_problem_gets_worse_but_not_if_it_gets_better(
        self, cleaners: Business, customer: Customer
    ) -> None:
        queue_event(customer, NOON - HOUR)
        watch(NOON)
        halt_lane(cleaners, NOON)
        watch(NOON + MINUTE)
        resume_lane(cleaners)
        watch(NOON + 2 * MINUTE)
        assert subjects() == [
            "Bridge Cleaners: events are waiting to be sent to Segment",
            "Bridge Cleaners: events are not being sent to Segment",
        ]
        assert [(alert.kind, alert.told, alert.emails) for alert in Alert.objects.all()] == [
            ("stopped", "stopped", 2)
        ]

    def test_the_email_is_sent_as_soon_as_an_owner_has_an_address(
        self, cleaners: Business, owner: User
    ) -> None:
        User.objects.update(email="")
        halt_lane(cleaners, NOON)
        assert watch(NOON) == 0
        User.objects.update(email="new@example.com")
        assert watch(NOON + MINUTE) == 1
        assert mail.outbox[0].to == ["new@example.com"]

    def test_an_owner_gets_no_email_about_another_business(self, cleaners: Business) -> None:
        other = BusinessFactory.create()
        Integration.objects.create(business=other, enabled=True, write_key=WRITE_KEY)
        halt_lane(other, NOON)
        assert watch(NOON) == 0


class TestSolvedEmail:
    def test_the_email_is_sent_once_after_ten_quiet_minutes(self, cleaners: Business) -> None:
        halt_lane(cleaners, NOON)
        watch(NOON)
        resume_lane(cleaners)
        assert [watch(NOON + minutes * MINUTE) for minutes in (5, 14, 15, 16)] == [0, 0, 1, 0]
        assert subjects() == [
            "Bridge Cleaners: events are not being sent to Segment",
            "Bridge Cleaners: events are being sent to Segment again",
        ]
        assert (
            "Bridge Cleaners sends events to Segment again. It has worked since 7:05 AM. "
            "The problem began at 7:00 AM." in mail.outbox[1].body
        )
        alert = Alert.objects.get()
        assert (alert.over_at, alert.told_over_at) == (NOON + 15 * MINUTE,) * 2

    def test_stopping_and_recovering_every_few_minutes_is_one_problem(
        self, cleaners: Business
    ) -> None:
        for minute in range(120):
            (halt_lane if minute % 10 < 5 else lambda business, at: resume_lane(business))(
                cleaners, NOON + minute * MINUTE
            )
            watch(NOON + minute * MINUTE)
        assert subjects() == ["Bridge Cleaners: events are not being sent to Segment"]
        assert Alert.objects.count() == 1

    def test_no_email_is_sent_if_the_owner_switched_off(self, cleaners: Business) -> None:
        halt_lane(cleaners, NOON)
        watch(NOON)
        Integration.objects.update(enabled=False)
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        alert = Alert.objects.get()
        assert (alert.over_at, alert.told_over_at) == (NOON + MINUTE, None)

    def test_no_email_is_sent_if_nobody_got_one_about_the_problem(self, cleaners: Business) -> None:
        User.objects.update(email="")
        halt_lane(cleaners, NOON)
        watch(NOON)
        resume_lane(cleaners)
        User.objects.update(email="olivia@example.com")
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        assert Alert.objects.get().over_at == NOON + 30 * MINUTE

    def test_the_problem_ends_without_an_email_if_no_owner_has_an_address(
        self, cleaners: Business
    ) -> None:
        halt_lane(cleaners, NOON)
        watch(NOON)
        resume_lane(cleaners)
        User.objects.update(email="")
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        assert Alert.objects.get().over_at == NOON + 30 * MINUTE


def test_the_number_of_queries_does_not_grow_with_the_businesses_and_none_reads_the_log(
    cleaners: Business,
) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            watch(NOON)
        return [query["sql"] for query in captured]

    assert len(queries()) == 1
    for number in range(20):
        business = BusinessFactory.create()
        Integration.objects.create(business=business, enabled=True, write_key=f"{number:032d}")
        halt_lane(business, NOON)
    few = queries()
    assert len(few) == 3, "find problems, store them, find owners"
    assert not any("sendlog" in query for query in few)
    assert len(queries()) == 2


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "SMRT <smrt@example.com>"
        yield server


class TestMailServer:
    def test_a_mail_server_receives_the_email(self, cleaners: Business, server: MailServer) -> None:
        halt_lane(cleaners, NOON)
        assert watch(NOON) == 1
        (email,) = server.received
        assert {
            name: email[name] for name in ("From", "To", "Subject", "Auto-Submitted", "Message-ID")
        } == {
            "From": "SMRT <smrt@example.com>",
            "To": "olivia@example.com",
            "Subject": "Bridge Cleaners: events are not being sent to Segment",
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<alert-{Alert.objects.get().pk}-stopped@127.0.0.1>",
        }

    def test_a_mail_server_that_is_down_is_tried_again_a_minute_later(
        self, cleaners: Business, server: MailServer, settings: Any
    ) -> None:
        settings.EMAIL_PORT = free_port()
        halt_lane(cleaners, NOON)
        assert watch(NOON) == 0
        alert = Alert.objects.get()
        assert (alert.told, alert.emails, alert.telling_until) == ("", 0, None)
        settings.EMAIL_PORT = server.port
        assert watch(NOON + MINUTE) == 1

    def test_a_mail_server_that_refuses_one_address_still_gets_the_other_emails(
        self, cleaners: Business, server: MailServer
    ) -> None:
        other = BusinessFactory.create(name="Other Cleaners")
        Integration.objects.create(business=other, enabled=True, write_key=WRITE_KEY)
        member(other, "otto")
        User.objects.filter(username="olivia").update(email="nobody@example.com")
        halt_lane(cleaners, NOON)
        halt_lane(other, NOON)
        assert [watch(NOON), watch(NOON + MINUTE)] == [1, 0]
        assert [email["To"] for email in server.received] == ["otto@example.com"]
        User.objects.filter(username="olivia").update(email="olivia@example.com")
        assert watch(NOON + 11 * MINUTE) == 1

    def test_the_email_keeps_its_message_id_after_a_worker_died(
        self, cleaners: Business, server: MailServer
    ) -> None:
        halt_lane(cleaners, NOON)
        watch(NOON)
        # The worker died after sending the email and before storing that.
        Alert.objects.update(told="", told_at=None, emails=0, telling_until=NOON + 5 * MINUTE)
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 4, 5)] == [0, 0, 1]
        assert len({email["Message-ID"] for email in server.received}) == 1

    def test_a_business_name_of_two_lines_adds_no_header(
        self, cleaners: Business, server: MailServer
    ) -> None:
        Business.objects.update(name="Bridge\r\nBcc: all@example.com")
        halt_lane(cleaners, NOON)
        watch(NOON)
        (email,) = server.received
        assert (email["Bcc"], email["Subject"]) == (
            None,
            "Bridge Bcc: all@example.com: events are not being sent to Segment",
        )


@pytest.mark.django_db(transaction=True)
class TestWorkersAtOnce:
    def test_four_workers_send_one_email_about_a_problem_and_one_when_it_is_solved(
        self, cleaners: Business, server: MailServer
    ) -> None:
        halt_lane(cleaners, NOON)
        assert sorted(at_once(lambda: watch(NOON))) == [0, 0, 0, 1]
        resume_lane(cleaners)
        at_once(lambda: watch(NOON + MINUTE))
        assert sorted(at_once(lambda: watch(NOON + 11 * MINUTE))) == [0, 0, 0, 1]
        assert [email["Subject"] for email in server.received] == [
            "Bridge Cleaners: events are not being sent to Segment",
            "Bridge Cleaners: events are being sent to Segment again",
        ]
        assert Alert.objects.count() == 1

    def test_workers_leave_an_email_to_the_worker_that_claimed_it(
        self, cleaners: Business, server: MailServer
    ) -> None:
        halt_lane(cleaners, NOON)
        watch(NOON)
        Alert.objects.update(told="", telling_until=NOON + 5 * MINUTE)
        assert at_once(lambda: watch(NOON)) == [0] * 4


def at_once(action: Callable[[], int]) -> list[int]:
    together = Barrier(4)

    def run() -> int:
        try:
            together.wait(20)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        return [future.result(30) for future in [threads.submit(run) for _ in range(4)]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.mark.django_db
def test_a_refused_write_key_leads_to_an_email(
    segment: SegmentStandIn, cleaners: Business, customer: Customer
) -> None:
    segment.fault("status", status=401)
    CustomerFactory.create(business=cleaners)
    Delivery().run()
    assert alert_owners() == "1 emails"
    assert subjects() == ["Bridge Cleaners: events are not being sent to Segment"]
    assert "What to do: " in mail.outbox[0].body
    assert Lane.objects.get().stopped_at is not None
    assert Alert.objects.get().since <= timezone.now()
