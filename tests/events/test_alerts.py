"""When owners are told by email: once for each trouble, once when it is well again, and never a flood."""

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
    MOST_A_DAY,
    NOTHING,
    AlertDecision,
    Email,
    Situation,
    Trouble,
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
FAILING = Situation(enabled=True, waiting_since=NOON - 59 * MINUTE, failing=True)

TOLD_STOPPED = Trouble("stopped", NOON - HOUR, "stopped")
TOLD_WAITING = Trouble("waiting", NOON - HOUR, "waiting")
QUIET = NOON - 10 * MINUTE


@pytest.mark.parametrize(
    ("situation", "trouble", "decision"),
    [
        (WELL, None, NOTHING),
        (FAILING, None, NOTHING),
        (STOPPED, None, AlertDecision(Trouble("stopped", NOON - MINUTE), Email.TROUBLE)),
        (WAITING, None, AlertDecision(Trouble("waiting", NOON - HOUR), Email.TROUBLE)),
        # told once
        (STOPPED, TOLD_STOPPED, AlertDecision(TOLD_STOPPED)),
        (WAITING, TOLD_WAITING, AlertDecision(TOLD_WAITING)),
        # worse is news, better is not
        (
            STOPPED,
            TOLD_WAITING,
            AlertDecision(Trouble("stopped", NOON - MINUTE, "waiting"), Email.TROUBLE),
        ),
        (WAITING, TOLD_STOPPED, AlertDecision(TOLD_STOPPED)),
        # what was not told yet is told as it is now
        (
            WAITING,
            Trouble("stopped", NOON - HOUR),
            AlertDecision(Trouble("waiting", NOON - HOUR), Email.TROUBLE),
        ),
        # it must look well for ten minutes, without errors
        (WELL, TOLD_STOPPED, AlertDecision(Trouble("stopped", NOON - HOUR, "stopped", NOON))),
        (
            WELL,
            Trouble("stopped", NOON - HOUR, "stopped", QUIET + MINUTE),
            AlertDecision(Trouble("stopped", NOON - HOUR, "stopped", QUIET + MINUTE)),
        ),
        (
            WELL,
            Trouble("stopped", NOON - HOUR, "stopped", QUIET),
            AlertDecision(Trouble("stopped", NOON - HOUR, "stopped", QUIET), Email.WELL),
        ),
        (FAILING, Trouble("stopped", NOON - HOUR, "stopped", QUIET), AlertDecision(TOLD_STOPPED)),
        (STOPPED, Trouble("stopped", NOON - HOUR, "stopped", QUIET), AlertDecision(TOLD_STOPPED)),
        # of what nobody was told, nobody is told that it is over
        (WELL, Trouble("stopped", NOON - HOUR, "", QUIET), NOTHING),
        (OFF, None, NOTHING),
        (OFF, TOLD_STOPPED, NOTHING),
    ],
)
def test_what_is_told_follows_from_what_is_and_what_was_told(
    situation: Situation, trouble: Trouble | None, decision: AlertDecision
) -> None:
    assert decide(situation, trouble, 0, NOON) == decision


@pytest.mark.parametrize(
    ("told_lately", "email"), [(MOST_A_DAY - 1, Email.TROUBLE), (MOST_A_DAY, None)]
)
def test_of_one_business_no_more_than_four_troubles_are_told_in_a_day(
    told_lately: int, email: Email | None
) -> None:
    assert decide(STOPPED, None, told_lately, NOON) == AlertDecision(
        Trouble("stopped", NOON - MINUTE), email
    )


def test_that_it_is_well_again_is_told_however_much_was_told_before() -> None:
    assert (
        decide(WELL, Trouble("stopped", NOON - HOUR, "stopped", QUIET), 99, NOON).email
        is Email.WELL
    )


STATES = st.lists(
    st.tuples(
        st.sampled_from(["well", "off", "stopped", "waiting", "failing"]), st.integers(1, 40)
    ),
    max_size=60,
)


@given(STATES)
def test_whatever_happens_owners_are_told_in_turn_and_not_often(
    states: list[tuple[str, int]],
) -> None:
    """Each state lasts for so many minutes; the owners are told at every minute what is due."""
    told: list[tuple[datetime, str]] = []
    trouble, now = None, NOON
    for state, minutes in states:
        for _ in range(minutes):
            now += MINUTE
            lately = sum(what != "well" and at > now - 24 * HOUR for at, what in told)
            decision = decide(situation_of(state, now), trouble, lately, now)
            trouble = decision.trouble
            if decision.email is Email.TROUBLE:
                assert trouble is not None
                told.append((now, trouble.kind))
                trouble = Trouble(trouble.kind, trouble.since, trouble.kind, trouble.quiet_since)
            elif decision.email is Email.WELL:
                told.append((now, "well"))
                trouble = None
            assert decision.email is None or state != "off"
            assert decision.email is not Email.TROUBLE or state in {"stopped", "waiting"}
    for (earlier, before), (later, after) in pairwise(told):
        assert (before, after) not in {("stopped", "waiting"), ("well", "well")} or "off" in dict(
            states
        )
        assert before != "well" or later - earlier >= MINUTE
        assert after != "well" or later - earlier >= 10 * MINUTE
    assert not told or told[0][1] != "well"
    for at, _ in told:
        assert (
            sum(what != "well" and at - 24 * HOUR < other <= at for other, what in told)
            <= MOST_A_DAY
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


def stopped(business: Business, at: datetime, why: str = REFUSED_KEY) -> None:
    Lane.objects.filter(business=business).update(stopped=why, last_error=why, stopped_at=at)


def runs_again(business: Business) -> None:
    Lane.objects.filter(business=business).update(stopped="", last_error="", stopped_at=None)


def event_waits(customer: Customer, since: datetime) -> None:
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


def told() -> list[str]:
    return [str(letter.subject) for letter in mail.outbox]


@pytest.fixture
def cleaners(integration: Integration, owner: User) -> Business:
    """Switched on long ago, with an owner who has an address."""
    Integration.objects.update(enabled_at=NOON - timedelta(days=30))
    Business.objects.update(name="Bridge Cleaners", time_zone="America/New_York")
    return Business.objects.get()


class TestATrouble:
    def test_is_told_to_the_owners_once_with_what_to_do(
        self, cleaners: Business, customer: Customer, settings: Any
    ) -> None:
        member(cleaners, "oscar")
        member(cleaners, "henry", Membership.Role.HELPER)
        member(cleaners, "gone", is_active=False)
        member(cleaners, "silent", email="")
        stopped(cleaners, NOON)
        event_waits(customer, NOON - MINUTE)
        settings.PUBLIC_URL = "https://smrt.example.com"

        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 2, 3)] == [1, 0, 0]

        (letter,) = mail.outbox
        assert (letter.to, letter.subject) == (
            ["olivia@example.com", "oscar@example.com"],
            "Bridge Cleaners: nothing is sent to Segment",
        )
        assert (
            letter.body
            == f"""\
The Segment integration of Bridge Cleaners has stopped.

Sending stopped at 07:00: Segment refused the write key. 1 event is waiting; \
it will be sent when this is fixed.

What to do: Copy it again from Segment and save it here.

Nothing is lost: what waits is kept for 30 days, and is sent in order as soon as this is repaired.

See how it stands:
https://smrt.example.com/admin/events/integration/{cleaners.pk}/change/

You get this email because you own Bridge Cleaners in SMRT. We write once when something is wrong, and once when it is well again.
"""
        )

    def test_tells_nothing_of_a_customer_and_no_key(
        self, cleaners: Business, customer: Customer
    ) -> None:
        stopped(cleaners, NOON)
        event_waits(customer, NOON - 2 * HOUR)
        watch(NOON)
        (letter,) = mail.outbox
        for secret in (
            customer.name,
            customer.email,
            customer.phone,
            str(customer.uuid),
            WRITE_KEY,
            WRITE_KEY[-4:],
        ):
            assert not secret or secret not in f"{letter.subject} {letter.body}"

    def test_is_also_that_events_have_waited_for_an_hour(
        self, cleaners: Business, customer: Customer
    ) -> None:
        event_waits(customer, NOON)
        assert [watch(NOON + minutes * MINUTE) for minutes in (0, 59, 60, 61)] == [0, 0, 1, 0]
        assert told() == ["Bridge Cleaners: events are waiting for Segment"]
        said = "Bridge Cleaners could not send to Segment for an hour: the oldest of 1 event has waited since 07:00."
        assert said in mail.outbox[0].body

    def test_is_not_what_waited_before_it_was_switched_on(
        self, cleaners: Business, customer: Customer
    ) -> None:
        Integration.objects.update(enabled_at=NOON)
        event_waits(customer, NOON - timedelta(days=3))
        assert [watch(NOON + minutes * MINUTE) for minutes in (0, 59, 60)] == [0, 0, 1]

    @pytest.mark.parametrize("why", [CHOICE_WANTED, DISCARDING])
    def test_is_not_what_the_owner_is_being_asked(self, cleaners: Business, why: str) -> None:
        stopped(cleaners, NOON, why)
        assert watch(NOON + timedelta(days=1)) == 0
        assert not Alert.objects.exists()

    def test_that_gets_worse_is_told_again_and_not_when_it_gets_better(
        self, cleaners: Business, customer: Customer
    ) -> None:
        event_waits(customer, NOON - HOUR)
        watch(NOON)
        stopped(cleaners, NOON)
        watch(NOON + MINUTE)
        runs_again(cleaners)
        watch(NOON + 2 * MINUTE)
        assert told() == [
            "Bridge Cleaners: events are waiting for Segment",
            "Bridge Cleaners: nothing is sent to Segment",
        ]
        assert [(alert.kind, alert.told, alert.emails) for alert in Alert.objects.all()] == [
            ("stopped", "stopped", 2)
        ]

    def test_that_nobody_can_be_told_of_is_told_when_somebody_can(
        self, cleaners: Business, owner: User
    ) -> None:
        User.objects.update(email="")
        stopped(cleaners, NOON)
        assert watch(NOON) == 0
        User.objects.update(email="new@example.com")
        assert watch(NOON + MINUTE) == 1
        assert mail.outbox[0].to == ["new@example.com"]

    def test_of_another_business_is_not_told_here(self, cleaners: Business) -> None:
        other = BusinessFactory.create()
        Integration.objects.create(business=other, enabled=True, write_key=WRITE_KEY)
        stopped(other, NOON)
        assert watch(NOON) == 0


class TestWellAgain:
    def test_is_told_after_ten_quiet_minutes_once(self, cleaners: Business) -> None:
        stopped(cleaners, NOON)
        watch(NOON)
        runs_again(cleaners)
        assert [watch(NOON + minutes * MINUTE) for minutes in (5, 14, 15, 16)] == [0, 0, 1, 0]
        assert told() == [
            "Bridge Cleaners: nothing is sent to Segment",
            "Bridge Cleaners: sending to Segment again",
        ]
        assert (
            "Bridge Cleaners sends to Segment again: it has worked since 07:05. The trouble began at 07:00."
            in mail.outbox[1].body
        )
        alert = Alert.objects.get()
        assert (alert.over_at, alert.told_over_at) == (NOON + 15 * MINUTE,) * 2

    def test_stopping_and_recovering_every_few_minutes_is_one_trouble(
        self, cleaners: Business
    ) -> None:
        for minute in range(120):
            (stopped if minute % 10 < 5 else lambda business, at: runs_again(business))(
                cleaners, NOON + minute * MINUTE
            )
            watch(NOON + minute * MINUTE)
        assert told() == ["Bridge Cleaners: nothing is sent to Segment"]
        assert Alert.objects.count() == 1

    def test_is_not_told_when_the_owner_switched_off(self, cleaners: Business) -> None:
        stopped(cleaners, NOON)
        watch(NOON)
        Integration.objects.update(enabled=False)
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        alert = Alert.objects.get()
        assert (alert.over_at, alert.told_over_at) == (NOON + MINUTE, None)

    def test_is_not_told_when_nobody_was_told_of_the_trouble(self, cleaners: Business) -> None:
        User.objects.update(email="")
        stopped(cleaners, NOON)
        watch(NOON)
        runs_again(cleaners)
        User.objects.update(email="olivia@example.com")
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        assert Alert.objects.get().over_at == NOON + 30 * MINUTE

    def test_with_nobody_left_to_tell_it_is_over_all_the_same(self, cleaners: Business) -> None:
        stopped(cleaners, NOON)
        watch(NOON)
        runs_again(cleaners)
        User.objects.update(email="")
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 30)] == [0, 0]
        assert Alert.objects.get().over_at == NOON + 30 * MINUTE


def test_no_more_queries_for_many_businesses_than_for_one_and_none_of_them_reads_the_log(
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
        stopped(business, NOON)
    few = queries()
    assert len(few) == 3, "to find, to keep, to look for owners"
    assert not any("sendlog" in query for query in few)
    assert len(queries()) == 2


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.DEFAULT_FROM_EMAIL = "SMRT <smrt@example.com>"
        yield server


class TestThePost:
    def test_takes_the_letter_to_the_mail_server(
        self, cleaners: Business, server: MailServer
    ) -> None:
        stopped(cleaners, NOON)
        assert watch(NOON) == 1
        (letter,) = server.arrived
        assert {
            name: letter[name] for name in ("From", "To", "Subject", "Auto-Submitted", "Message-ID")
        } == {
            "From": "SMRT <smrt@example.com>",
            "To": "olivia@example.com",
            "Subject": "Bridge Cleaners: nothing is sent to Segment",
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<alert-{Alert.objects.get().pk}-stopped@127.0.0.1>",
        }

    def test_is_tried_again_a_minute_later_when_the_mail_server_is_gone(
        self, cleaners: Business, server: MailServer, settings: Any
    ) -> None:
        settings.EMAIL_PORT = free_port()
        stopped(cleaners, NOON)
        assert watch(NOON) == 0
        alert = Alert.objects.get()
        assert (alert.told, alert.emails, alert.telling_until) == ("", 0, None)
        settings.EMAIL_PORT = server.port
        assert watch(NOON + MINUTE) == 1

    def test_whose_address_is_refused_does_not_keep_others_from_theirs(
        self, cleaners: Business, server: MailServer
    ) -> None:
        other = BusinessFactory.create(name="Other Cleaners")
        Integration.objects.create(business=other, enabled=True, write_key=WRITE_KEY)
        member(other, "otto")
        User.objects.filter(username="olivia").update(email="nobody@example.com")
        stopped(cleaners, NOON)
        stopped(other, NOON)
        assert [watch(NOON), watch(NOON + MINUTE)] == [1, 0]
        assert [letter["To"] for letter in server.arrived] == ["otto@example.com"]
        User.objects.filter(username="olivia").update(email="olivia@example.com")
        assert watch(NOON + 11 * MINUTE) == 1

    def test_of_a_worker_that_died_meanwhile_is_sent_again_as_the_same_letter(
        self, cleaners: Business, server: MailServer
    ) -> None:
        stopped(cleaners, NOON)
        watch(NOON)
        # it was sent, and never noted
        Alert.objects.update(told="", told_at=None, emails=0, telling_until=NOON + 5 * MINUTE)
        assert [watch(NOON + minutes * MINUTE) for minutes in (1, 4, 5)] == [0, 0, 1]
        assert len({letter["Message-ID"] for letter in server.arrived}) == 1

    def test_a_name_of_two_lines_makes_no_header_of_its_own(
        self, cleaners: Business, server: MailServer
    ) -> None:
        Business.objects.update(name="Bridge\r\nBcc: all@example.com")
        stopped(cleaners, NOON)
        watch(NOON)
        (letter,) = server.arrived
        assert (letter["Bcc"], letter["Subject"]) == (
            None,
            "Bridge Bcc: all@example.com: nothing is sent to Segment",
        )


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_send_one_letter_about_a_trouble_and_one_when_it_is_over(
        self, cleaners: Business, server: MailServer
    ) -> None:
        stopped(cleaners, NOON)
        assert sorted(at_once(lambda: watch(NOON))) == [0, 0, 0, 1]
        runs_again(cleaners)
        at_once(lambda: watch(NOON + MINUTE))
        assert sorted(at_once(lambda: watch(NOON + 11 * MINUTE))) == [0, 0, 0, 1]
        assert [letter["Subject"] for letter in server.arrived] == [
            "Bridge Cleaners: nothing is sent to Segment",
            "Bridge Cleaners: sending to Segment again",
        ]
        assert Alert.objects.count() == 1

    def test_a_letter_under_way_is_nobody_elses(
        self, cleaners: Business, server: MailServer
    ) -> None:
        stopped(cleaners, NOON)
        watch(NOON)
        Alert.objects.update(told="", telling_until=NOON + 5 * MINUTE)
        assert at_once(lambda: watch(NOON)) == [0] * 4


def at_once(action: Callable[[], int]) -> list[int]:
    together = Barrier(4)

    def one() -> int:
        try:
            together.wait(20)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        return [future.result(30) for future in [threads.submit(one) for _ in range(4)]]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        return int(holder.getsockname()[1])


@pytest.mark.django_db
def test_a_refused_write_key_becomes_a_letter_by_the_ordinary_way(
    segment: SegmentStandIn, cleaners: Business, customer: Customer
) -> None:
    segment.fault("status", status=401)
    CustomerFactory.create(business=cleaners)
    Delivery().run()
    assert alert_owners() == "1 emails"
    assert told() == ["Bridge Cleaners: nothing is sent to Segment"]
    assert "What to do: " in mail.outbox[0].body
    assert Lane.objects.get().stopped_at is not None
    assert Alert.objects.get().since <= timezone.now()
