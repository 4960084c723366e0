"""The demo's send log: 30 days, as the workers would have written them."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.db.models import Count, Sum
from django.utils import timezone

from customers.models import Business
from devtools.demo.businesses import BUSINESSES, BusinessRecords
from devtools.demo.past_messages import DAYS, start_backing_off
from events.lanes.read_status import lane_status
from events.lanes.status import LaneState, state_of
from events.models import DailyCount, DailyDelay, Lane, Outgoing, SendLog

ON = ("Golden Gate Cleaners", "Reinigung Möwe")


@pytest.mark.parametrize("name", ON)
def test_a_business_that_is_on_has_thirty_days_of_messages(
    businesses: Mapping[str, Business], name: str
) -> None:
    business = businesses[name]
    entries = SendLog.objects.filter(business=business)
    outcomes = dict(entries.values_list("outcome").annotate(Count("id")))
    assert outcomes["accepted"] > 300
    assert 0 < outcomes["rejected"] < outcomes["accepted"] / 20
    assert 0 < outcomes["skipped"] < outcomes["accepted"] / 5
    first, last = entries.earliest("settled_at").settled_at, entries.latest("settled_at").settled_at
    assert (
        timezone.now() - timedelta(days=DAYS + 1)
        < first
        < timezone.now() - timedelta(days=DAYS - 4)
    )
    assert last == Lane.objects.get(business=business).last_accepted_at or last <= timezone.now()
    assert {event for (event,) in entries.values_list("event").distinct()} >= {
        "Order Created",
        "Customer Visit",
        "identify",
    }


def test_the_daily_counts_equal_the_send_log(businesses: Mapping[str, Business]) -> None:
    counted = dict(DailyCount.objects.values_list("business_id").annotate(Sum("messages")))
    assert counted == dict(SendLog.objects.values_list("business_id").annotate(Count("id")))
    assert set(counted) == {businesses[name].pk for name in ON}
    tracks = SendLog.objects.filter(outcome="accepted").exclude(event="identify").count()
    assert DailyDelay.objects.aggregate(sum=Sum("messages"))["sum"] == tracks


def test_messages_are_kept_as_sent_except_for_the_link(
    businesses: Mapping[str, Business],
) -> None:
    for entry in SendLog.objects.filter(outcome="accepted"):
        assert entry.message is not None
        assert (entry.message["messageId"], entry.message["userId"]) == (
            entry.message_id,
            str(entry.user_id),
        )
    identify = SendLog.objects.filter(outcome="accepted", event="identify").first()
    assert identify is not None
    assert identify.message is not None
    assert "http" not in identify.message["traits"]["link"]


def test_a_business_that_backs_off_has_waiting_messages_and_resumes_by_itself(
    businesses: Mapping[str, Business],
) -> None:
    business, now = businesses["Reinigung Möwe"], timezone.now()
    start_backing_off(BusinessRecords.read(BUSINESSES[1], business), now)
    status = lane_status(business.pk)
    assert state_of(status, now) is LaneState.FAILING
    assert status.waiting == Outgoing.objects.filter(business=business).count() > 0
    assert status.resume_at == now + timedelta(minutes=4)
