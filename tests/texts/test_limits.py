"""A number sends so many texts a second, and one that has to wait delays no other."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Max, Min
from django.utils import timezone

from customers.budget import Budget
from customers.models import Business, Customer, NightlyText, TextSettings
from customers.texts import nightly
from customers.texts.claim_texts import TEXT_CHUNK_SIZE, TEXTS_IN_FLIGHT, claim_texts
from customers.texts.plan_texts import plan_texts
from tests.factories import (
    CustomerFactory,
    NightlyTextFactory,
    PickupRequestFactory,
    TextSettingsFactory,
)
from tests.texts.conftest import statuses

pytestmark = pytest.mark.django_db
HALF = timedelta(seconds=0.5)


@pytest.fixture(autouse=True)
def _two_a_second(settings: Any) -> None:
    settings.TEXTS_PER_SECOND = 2


def add_pickups(business: Business, count: int, **customer: Any) -> None:
    for each in CustomerFactory.create_batch(count, business=business, **customer):
        PickupRequestFactory.create(customer=each)


def sent_by_number() -> Counter[str]:
    sent = NightlyText.objects.filter(status="sent")
    return Counter(sent.values_list("sender", flat=True))


def test_a_number_sends_its_next_text_when_its_time_has_come(
    texting: TextSettings, clock: time_machine.Traveller
) -> None:
    add_pickups(texting.business, 3)
    assert nightly.run() == {"sent": 1}
    assert nightly.run() == {}
    clock.shift(HALF)
    assert nightly.run() == {"sent": 1}
    clock.shift(timedelta(hours=1))
    # It has waited for long, and may still send no more at once.
    assert nightly.run() == {"sent": 1}
    assert set(NightlyText.objects.values_list("status", "attempts")) == {("sent", 1)}


def test_waiting_for_the_limit_is_no_attempt_and_needs_no_reason(texting: TextSettings) -> None:
    add_pickups(texting.business, 2)
    nightly.run()
    waiting = NightlyText.objects.get(status="waiting")
    assert (waiting.attempts, waiting.reason, waiting.claimed_at) == (0, "", None)


def test_a_business_at_its_limit_delays_no_other(
    texting: TextSettings, clock: time_machine.Traveller
) -> None:
    others = TextSettingsFactory.create_batch(3)
    add_pickups(texting.business, 20)
    for other in others:
        add_pickups(other.business, 1)
    assert nightly.run() == {"sent": 4}
    assert sent_by_number() == {texting.number: 1, **{other.number: 1 for other in others}}


def test_the_number_that_has_waited_for_longest_is_next(
    texting: TextSettings, settings: Any
) -> None:
    settings.TEXTS_PER_SECOND = 1_000
    few = TextSettingsFactory.create()
    add_pickups(texting.business, TEXT_CHUNK_SIZE + 5)
    add_pickups(few.business, 2)
    now = timezone.now()
    plan_texts(now)
    first, second = claim_texts(now), claim_texts(now)
    assert [text.sender for text in first] == [texting.number] * TEXT_CHUNK_SIZE
    assert [text.sender for text in second] == [few.number] * 2 + [texting.number] * 5


def test_texts_that_are_not_sent_do_not_count(texting: TextSettings) -> None:
    add_pickups(texting.business, 5, phone_is_mobile=False)
    add_pickups(texting.business, 1)
    assert nightly.run() == {"sent": 1}
    assert sorted(statuses()) == [("sent", ""), *[("skipped", "no_mobile")] * 5]


def test_another_attempt_of_a_text_waits_for_the_number_too(
    texting: TextSettings, clock: time_machine.Traveller
) -> None:
    add_pickups(texting.business, 2)
    nightly.run()
    NightlyText.objects.filter(status="sent").update(status="waiting")
    assert nightly.run() == {}
    clock.shift(HALF)
    assert nightly.run() == {"sent": 1}


def test_texts_that_a_number_could_not_send_in_the_evening_say_so(
    texting: TextSettings, clock: time_machine.Traveller
) -> None:
    calm = TextSettingsFactory.create(enabled=True)
    add_pickups(texting.business, 2)
    add_pickups(calm.business, 1)
    nightly.run()
    # Switched off since: it could have sent more.
    NightlyText.objects.filter(business=calm.business).update(status="waiting", reason="")
    TextSettings.objects.filter(pk=calm.pk).update(enabled=False)
    end = datetime(2026, 11, 24, 5, tzinfo=UTC)
    NightlyText.objects.filter(status="sent").update(status="waiting")
    clock.move_to(end - timedelta(seconds=1))
    assert nightly.run() == {"sent": 1}
    clock.move_to(end)
    assert nightly.run() == {"expired": 2}
    expired = NightlyText.objects.filter(status="expired").values_list("business", "reason")
    assert sorted(expired) == sorted([(texting.business_id, "limit"), (calm.business_id, "")])


def test_all_workers_together_send_no_more_at_a_time_than_twilio_takes(
    texting: TextSettings,
) -> None:
    text = NightlyTextFactory.create(customer__business=texting.business)
    now = timezone.now()
    others = CustomerFactory.create_batch(TEXTS_IN_FLIGHT, business=texting.business)
    for each in others:
        NightlyTextFactory.create(customer=each, status="sending", claimed_at=now)
    assert claim_texts(now) == []
    NightlyText.objects.filter(customer=others[0]).update(status="sent")
    assert [claimed.id for claimed in claim_texts(now)] == [text.pk]


class TestPiece:
    """A run with a time limit, by the real clock."""

    @pytest.fixture
    def clock(self) -> None:
        """The real clock."""

    @pytest.fixture
    def waiting(self, customer: Customer, texting: TextSettings, settings: Any) -> int:
        settings.TEXTS_PER_SECOND = 20
        for each in CustomerFactory.create_batch(10, business=customer.business):
            NightlyTextFactory.create(customer=each)
        return 10

    def test_waits_for_a_number_whose_time_comes_soon(self, waiting: int) -> None:
        counts, pieces, has_more = Counter[str](), 0, True
        while has_more:
            budget = Budget(30)
            counts += nightly.run(budget=budget)
            pieces, has_more = pieces + 1, budget.left_work
        assert counts == {"sent": waiting}
        # On a busy machine a piece may leave some to the next.
        assert pieces < waiting / 2
        times = NightlyText.objects.aggregate(first=Min("claimed_at"), last=Max("claimed_at"))
        assert times["last"] - times["first"] >= timedelta(seconds=(waiting - 4) / 20)

    def test_leaves_the_work_if_a_number_has_to_wait_longer(
        self, waiting: int, settings: Any
    ) -> None:
        settings.TEXTS_PER_SECOND = 1
        budget = Budget(30)
        assert nightly.run(budget=budget) == {"sent": 1}
        assert budget.left_work
