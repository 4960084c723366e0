"""The home page: how sending goes, numbers from the daily counts, and what needs attention."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Business, CustomField, Membership
from events.models import DailyCount, DailyDelay, Integration, Lane, Outgoing, SendLog
from events.send_log.daily_counts import bucket_of
from tests.admin.conftest import logged_in
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
TODAY = NOW.date()

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_at_noon_in_los_angeles")]


@pytest.fixture
def _at_noon_in_los_angeles() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def home(user: User, **query: Any) -> Any:
    return logged_in(user).get(reverse("admin:index"), query)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def count(
    business: Business,
    event: str,
    outcome: str,
    messages: int,
    days_ago: int = 0,
    brand_id: int = 0,
) -> None:
    day = TODAY - timedelta(days=days_ago)
    DailyCount.objects.create(
        business=business,
        event=event,
        outcome=outcome,
        brand_id=brand_id,
        day=day,
        messages=messages,
    )


def took(business: Business, milliseconds: int, messages: int, days_ago: int = 0) -> None:
    day = TODAY - timedelta(days=days_ago)
    bucket = bucket_of(milliseconds)
    DailyDelay.objects.create(
        business=business, day=day, bucket=bucket, messages=messages, worst_ms=milliseconds
    )


def accepted_before(business: Business) -> None:
    Lane.objects.filter(business=business).update(last_accepted_at=NOW - timedelta(minutes=2))


def waits(business: Business, since: datetime) -> None:
    Outgoing.objects.create(
        business=business,
        customer_id=1,
        user_id="0" * 32,
        event="Order Ready",
        subject_id=1,
        message_id="0" * 32,
        occurred_at=since,
    )
    Outgoing.objects.update(recorded_at=since)


class TestWhoSeesWhat:
    @pytest.mark.usefixtures("integration")
    def test_a_member_of_one_business_sees_it_at_once(
        self, owner: User, business: Business, other_business: Business
    ) -> None:
        shown = home(owner)
        assert shown.context["business"] == business
        assert other_business.name not in text(shown)

    def test_a_member_of_several_sees_those_in_trouble_first(
        self, owner: User, business: Business, other_business: Business, integration: Integration
    ) -> None:
        third = BusinessFactory.create(name="Aaron's Cleaners")
        for added in (other_business, third):
            Membership.objects.create(user=owner, business=added, role=Membership.Role.HELPER)
        Lane.objects.filter(business=business).update(
            stopped="Segment refused the write key.", stopped_at=NOW
        )
        count(business, "Order Ready", "accepted", 4)
        shown = home(owner)
        lines = shown.context["rows"]
        assert [line["business"] for line in lines] == [business, third, other_business]
        assert (
            "Sending stopped at 12:00 PM America/Los_Angeles: Segment refused the write key."
            in text(shown)
        )
        assert "Today: 4 accepted, 0 failed" in text(shown)
        assert home(owner, business=third.pk).context["business"] == third

    @pytest.mark.parametrize("wanted", ["other", "0", "x", "-1", "9" * 40, "²"])
    def test_another_business_is_as_one_that_does_not_exist(
        self, owner: User, other_business: Business, wanted: str
    ) -> None:
        shown = home(owner, business=other_business.pk if wanted == "other" else wanted)
        assert shown.status_code == 404
        assert other_business.name not in text(shown)

    def test_a_user_without_a_business_reads_whom_to_ask(self, other_business: Business) -> None:
        nobody = User.objects.create(username="nobody", is_staff=True)
        shown = home(nobody)
        assert "You do not belong to a business yet." in text(shown)
        assert other_business.name not in text(shown)

    def test_support_finds_a_business_by_its_name(
        self, support: User, business: Business, other_business: Business
    ) -> None:
        lines = home(support, q="somebody").context["rows"]
        assert [line["business"] for line in lines] == [other_business]
        assert "No business has that name." in text(home(support, q="none such"))

    def test_support_sees_so_many_at_a_time_in_the_same_few_queries(
        self, support: User, business: Business
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert home(support).status_code == 200
            return len(captured)

        BusinessFactory.create_batch(2)
        few = queries()
        BusinessFactory.create_batch(40)
        assert queries() == few
        shown = home(support)
        assert (len(shown.context["rows"]), "Page 1 of 2" in text(shown)) == (25, True)
        assert len(home(support, page=2).context["rows"]) == 18


@pytest.mark.usefixtures("integration")
class TestTheNumbers:
    def test_are_those_of_today_and_of_thirty_days(
        self, owner: User, business: Business, other_business: Business
    ) -> None:
        accepted_before(business)
        count(business, "Order Ready", "accepted", 1200)
        count(business, "Order Ready", "accepted", 30, brand_id=7)
        count(business, "Order Ready", "rejected", 2)
        count(business, "identify", "accepted", 5, days_ago=29)
        count(business, "Order Created", "expired", 3, days_ago=1)
        count(business, "Order Created", "skipped", 8, days_ago=1)
        # before, and elsewhere
        count(business, "Order Ready", "accepted", 99_999, days_ago=30)
        count(other_business, "Order Ready", "accepted", 99_999)
        shown = home(owner)
        figures = shown.context["figures"]
        assert (figures.today, figures.month) == (
            {"accepted": 1230, "rejected": 2},
            {"accepted": 1235, "rejected": 2, "expired": 3, "skipped": 8},
        )
        assert "1,235 accepted by Segment, 2 refused, 8 not sent, 3 expired." in text(shown)
        assert "99,999" not in text(shown)
        rows = re.findall(r'<th scope="row"><a [^>]*>([^<]+)</a>.*?</th> (.*?) </tr>', text(shown))
        by_name = {name: re.sub("<[^>]+>", "", cells) for name, cells in rows}
        assert {name: cells for name, cells in by_name.items() if cells != "0 0 0 0"} == {
            "Order Ready": "1,232 1,232 2 0",
            "Order Created": "0 11 3 8",
            "Customer details": "0 5 0 0",
        }
        assert len(by_name) == 14

    def test_are_of_the_businesss_own_day(self, owner: User, business: Business) -> None:
        accepted_before(business)
        count(business, "Order Ready", "accepted", 7)
        # at nine in the evening there, when it is tomorrow in London
        with time_machine.travel(NOW + timedelta(hours=9), tick=False):
            assert home(owner).context["figures"].today == {"accepted": 7}
        with time_machine.travel(NOW + timedelta(hours=12), tick=False):
            assert home(owner).context["figures"].today == {}

    def test_show_how_long_it_takes_until_segment_accepts(
        self, owner: User, business: Business
    ) -> None:
        accepted_before(business)
        took(business, 400, 10)
        took(business, 90_000, 1)
        took(business, 7_200_000, 50, days_ago=3)
        shown = home(owner)
        figures = shown.context["figures"]
        assert figures.delay_today.median == pytest.approx(400, rel=0.13)
        assert (figures.delay_today.worst, figures.delay_month.worst) == (90_000, 7_200_000)
        assert "about 0.4 seconds" in text(shown)
        assert "at most 1 minute" in text(shown)
        assert "30 days: about 1 hour, at most 2 hours" in text(shown)

    def test_are_drawn_and_said_and_listed(self, owner: User, business: Business) -> None:
        accepted_before(business)
        count(business, "Order Ready", "accepted", 60)
        count(business, "Order Ready", "rejected", 40)
        shown = home(owner)
        chart = shown.context["chart"]
        assert chart.maximum == 100
        assert [(part.outcome, part.y, part.height) for part in chart.columns[-1].parts] == [
            ("accepted", 48, 72),
            ("rejected", 0, 48),
        ]
        page = text(shown)
        assert "<title>Nov 20: 60 accepted, 40 refused, 0 not sent, 0 expired</title>" in page
        assert '<th scope="row">Nov 20</th><td>60</td><td>40</td><td>0</td><td>0</td>' in page
        assert 'role="img" aria-labelledby="home-days home-days-sentence"' in page

    def test_come_from_the_daily_counts_and_never_from_the_log(
        self, owner: User, business: Business
    ) -> None:
        count(business, "Order Ready", "accepted", 3)
        client = logged_in(owner)
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("admin:index"))
        asked = [query["sql"] for query in captured if "events_sendlog" in query["sql"]]
        assert asked == []
        assert len(captured) <= 12
        assert not SendLog.objects.exists()


class TestWhatNeedsTheOwner:
    @staticmethod
    def told(user: User) -> list[str]:
        return [item.text for item, _ in home(user).context["attention"]]

    @pytest.fixture
    def birthdays(self, integration: Integration) -> None:
        integration.birthday_field = CustomField.objects.create(
            business=integration.business, name="Birthday", kind="DATE"
        )
        integration.save()
        accepted_before(integration.business)

    @pytest.mark.usefixtures("birthdays")
    def test_is_nothing_when_all_is_well(self, owner: User) -> None:
        assert self.told(owner) == []
        assert "Nothing. Everything is working." in text(home(owner))

    @pytest.mark.usefixtures("birthdays")
    def test_is_nothing_while_no_worker_sends_but_not_that_everything_works(
        self, owner: User, business: Business
    ) -> None:
        Lane.objects.update(last_accepted_at=NOW - timedelta(hours=1))
        waits(business, NOW - timedelta(minutes=9))
        assert self.told(owner) == []
        shown = text(home(owner))
        assert "1 event is waiting, the oldest for 9 minutes. Sending is delayed" in shown
        assert "Nothing. Sending is delayed, and events leave by themselves." in shown

    @pytest.mark.usefixtures("birthdays")
    def test_is_that_sending_stopped_with_what_to_do(self, owner: User, business: Business) -> None:
        why = "Segment refused the write key. Copy it again from Segment and save it here."
        Lane.objects.update(stopped=why, stopped_at=NOW, last_error=why)
        assert self.told(owner) == [
            "Sending has stopped. Nothing is lost, but nothing is sent until you fix this."
        ]
        shown = text(home(owner))
        assert "What to do:</strong> Copy it again from Segment and save it here." in shown
        assert f'href="/admin/events/integration/{business.pk}/change/">Fix it</a>' in shown

    @pytest.mark.usefixtures("birthdays")
    def test_is_that_it_is_switched_off(self, owner: User) -> None:
        Integration.objects.update(enabled=False)
        assert self.told(owner) == [
            "The integration is switched off: nothing is recorded and nothing is sent."
        ]

    @pytest.mark.usefixtures("birthdays")
    def test_is_that_events_have_waited_for_an_hour(self, owner: User, business: Business) -> None:
        waits(business, NOW - timedelta(minutes=59))
        assert self.told(owner) == []
        waits_since = NOW - timedelta(hours=2)
        Outgoing.objects.update(recorded_at=waits_since)
        assert self.told(owner) == ["1 event waiting, the oldest for 2 hours."]

    @pytest.mark.usefixtures("birthdays")
    def test_is_what_was_refused_or_expired_with_a_link_to_it(
        self, owner: User, business: Business
    ) -> None:
        count(business, "Order Ready", "rejected", 1, days_ago=12)
        count(business, "Order Ready", "expired", 2, days_ago=12)
        found = home(owner).context["attention"]
        assert [item.text for item, _ in found] == [
            "1 event refused in the last 30 days.",
            "2 events expired in the last 30 days after waiting too long.",
        ]
        asked = [parse_qs(urlsplit(url).query) for _, url in found]
        assert [(query["outcome"], query["since"]) for query in asked] == [
            (["rejected"], ["2026-10-22"]),
            (["expired"], ["2026-10-22"]),
        ]

    def test_is_a_birthday_field_where_birthdays_are_on(
        self, owner: User, integration: Integration
    ) -> None:
        missing = (
            "Customer Birthday is switched on, but you have not chosen the field with the "
            "birthday, so it cannot be sent."
        )
        assert self.told(owner) == [missing]
        integration.muted = ["Customer Birthday"]
        integration.save()
        assert self.told(owner) == []

    def test_is_to_switch_on_where_that_never_happened(
        self, owner: User, helper: User, business: Business
    ) -> None:
        shown = text(home(owner))
        assert f'href="/admin/events/integration/{business.pk}/change/">Switch on</a>' in shown
        assert "Needs your attention" not in shown
        assert "An owner of" in text(home(helper))
        assert ">Switch on</a>" not in text(home(helper))


class TestTheMenu:
    @staticmethod
    def entries(user: User) -> list[str]:
        groups = home(user).context["sidebar_navigation"]
        return [
            entry["title"]
            for group in groups
            for entry in group["items"]
            if entry["has_permission"]
        ]

    def test_shows_owners_no_pages_of_support(self, owner: User) -> None:
        shown = self.entries(owner)
        assert shown[:5] == ["Home", "Segment integration", "Send log", "Waiting", "Customers"]
        assert not {
            "Businesses",
            "Memberships",
            "Users",
            "Groups",
            "Lanes",
            "Attempts",
            "Schedules",
            "Failed logins",
        } & set(shown)

    def test_shows_support_every_page(self, support: User) -> None:
        shown = self.entries(support)
        assert shown[:5] == ["Home", "Segment integration", "Send log", "Waiting", "Customers"]
        assert {"Orders", "Businesses", "Users", "Lanes", "Schedules"} <= set(shown)


def test_a_year_of_counts_is_read_in_a_few_milliseconds(
    owner: User, business: Business, integration: Integration
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_dailycount SELECT %s, 'Event ' || e, o, b, %s::date - d, 9 "
            "FROM generate_series(0, 13) e, "
            "unnest(ARRAY['accepted', 'rejected', 'skipped']) o, "
            "generate_series(0, 2) b, generate_series(0, 364) d",
            [business.pk, TODAY],
        )
        cursor.execute("ANALYZE events_dailycount")
    with CaptureQueriesContext(connection) as captured:
        assert home(owner).context["figures"].month == dict.fromkeys(
            ("accepted", "rejected", "skipped"), 9 * 14 * 3 * 30
        )
    assert sum(float(query["time"]) for query in captured) < 0.2


def test_another_owner_does_not_see_it(
    other_owner: User, other_business: Business, business: Business
) -> None:
    Integration.objects.create(business=other_business, enabled=True, write_key=WRITE_KEY)
    assert business.name not in text(home(other_owner))
