"""The last evening's texts: at any hour there is one whose reply No cancels."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from customers.models import IncomingText, NightlyText, PickupRequest
from customers.texts import plan_texts
from customers.texts.receive_reply import ReceivedText, receive_reply
from customers.texts.timing import EARLIEST_HOUR, REPLY_COUNTS_FOR, has_van_left
from devtools.demo.businesses import BUSINESSES
from devtools.demo.past_texts import TEXTS_PER_BUSINESS, last_evening, texts_on_phones
from devtools.demo.seed import seed

# In winter, in summer, and at changes to and from daylight saving time in all three time zones.
DAYS = [
    datetime(2026, month, day, tzinfo=UTC)
    for month, day in ((1, 5), (7, 1), (3, 8), (11, 1), (3, 29), (10, 25), (4, 5), (10, 4))
]


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("time_zone", [demo.time_zone for demo in BUSINESSES])
def test_at_every_hour_the_van_has_not_left_and_the_text_is_not_forgotten(
    day: datetime, time_zone: str
) -> None:
    for minutes in range(0, 2 * 24 * 60, 30):
        now = day + timedelta(minutes=minutes)
        sent = last_evening(now, time_zone)
        assert sent <= now
        assert now - sent < min(REPLY_COUNTS_FOR, timedelta(hours=26))
        assert not has_van_left(sent.date() + timedelta(days=1), now, time_zone, EARLIEST_HOUR), now


@pytest.mark.django_db
@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_at_any_hour_the_reply_no_cancels_at_each_business(hour: int) -> None:
    with time_machine.travel(datetime(2026, 11, 24, hour, 15, tzinfo=UTC), tick=False):
        seed()
        texts = (
            NightlyText.objects.filter(status="sent")
            .select_related("pickup")
            .order_by("business_id", "pk")
        )
        assert texts.count() == TEXTS_PER_BUSINESS * len(BUSINESSES)
        for text in texts[::TEXTS_PER_BUSINESS]:
            assert receive_reply(ReceivedText(f"SM{text.pk}", text.phone, text.sender, "No", 0, ""))
            text.pickup.refresh_from_db()
            assert (text.pickup.status, text.pickup.canceled_via) == ("canceled", "Text")
        # The workers continue, and text nobody for a second time.
        assert (
            plan_texts.plan_texts(timezone.now())
            == 3 * len(plan_texts.businesses_due(timezone.now())) - _without_texts()
        )


def _without_texts() -> int:
    """Return how many of the pickups that the workers find belong to customers without texts."""
    due = {
        business: window.pickup_date
        for business, window in plan_texts.businesses_due(timezone.now())
    }
    pickups = PickupRequest.objects.filter(nightly_text=None, status="scheduled").select_related(
        "customer"
    )
    due_pickups = [
        pickup for pickup in pickups if due.get(pickup.business_id) == pickup.pickup_date
    ]
    return sum(
        not (pickup.customer.receive_texts and pickup.customer.phone) for pickup in due_pickups
    )


@pytest.mark.django_db
def test_the_phones_show_texts_and_replies() -> None:
    seed()
    text = NightlyText.objects.select_related("customer").filter(sender=BUSINESSES[0].text_number)[
        0
    ]
    receive_reply(ReceivedText("SM1", text.phone, text.sender, "no", 0, ""))
    lines = texts_on_phones()
    assert len(lines) == TEXTS_PER_BUSINESS * len(BUSINESSES) + 2
    mine = [line for line in lines if line["phone"] == text.phone]
    assert [(line["body"], line["theirs"], line["reply_to"]) for line in mine[1:]] == [
        ("no", True, ""),
        (IncomingText.objects.get().reply, False, "SM1"),
    ]
    assert mine[0]["sid"] == text.sid
    assert (
        f"{text.customer.first_name}, our van will come for your pickup tomorrow" in mine[0]["body"]
    )


@pytest.mark.django_db
def test_old_texts_are_not_on_the_phones() -> None:
    seed()
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert texts_on_phones() == []
