"""A text is sent at most once, and every result is recorded.

It is tried again only when it was certainly not sent.
"""

import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.models import Business, Customer, NightlyText, PickupRequest, TextSettings
from customers.texts import nightly
from customers.texts.claim_texts import CLAIM_LIFETIME, claim_texts
from customers.texts.plan_texts import plan_texts
from customers.texts.save_send_results import save_send_results
from customers.texts.send_results import (
    Halted,
    Postponed,
    Refused,
    SendResult,
    Sent,
    Unconfirmed,
    result_of_error,
)
from tests.factories import CustomerFactory, PickupRequestFactory, TextSettingsFactory
from tests.texts.conftest import statuses
from tests.twilio import TwilioStandIn

pytestmark = pytest.mark.django_db


def test_a_text_is_sent_once_however_many_runs(
    twilio: TwilioStandIn, pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    assert nightly.run() == {"sent": 1}
    clock.shift(timedelta(hours=1))
    assert nightly.run() == {}
    assert (len(twilio.texts()), twilio.send_calls()) == (1, 1)
    text = NightlyText.objects.get()
    assert (text.status, text.attempts, text.phone, [text.sid]) == (
        "sent",
        1,
        pickup.customer.phone,
        twilio.sids(),
    )


@pytest.mark.parametrize(
    "fault", [{"status": 429}, {"status": 503}, {"status": 400, "error": 21611}]
)
def test_a_text_that_was_certainly_not_sent_is_tried_again_later(
    twilio: TwilioStandIn,
    pickup: PickupRequest,
    clock: time_machine.Traveller,
    fault: dict[str, int],
) -> None:
    twilio.fault(**fault)
    assert nightly.run() == {"postponed": 1}
    assert statuses() == [("waiting", "busy")]
    clock.shift(29)
    assert nightly.run() == {}
    clock.shift(1)
    assert nightly.run() == {"sent": 1}
    assert len(twilio.texts()) == 1
    assert NightlyText.objects.get().attempts == 2


def test_retry_after_is_respected(
    twilio: TwilioStandIn, pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    twilio.fault(429, error=20429, retry_after="300")
    nightly.run()
    assert NightlyText.objects.get().next_at == timezone.now() + timedelta(minutes=5)


def test_an_unreachable_twilio_is_tried_again(
    twilio: TwilioStandIn, pickup: PickupRequest, settings: Any
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.TWILIO_HOST = f"http://127.0.0.1:{taken.getsockname()[1]}"
        assert nightly.run() == {"postponed": 1}
    assert statuses() == [("waiting", "busy")]


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 502}, {"status": 504}, {"status": 0}]
)
@pytest.mark.parametrize("taken", [True, False])
def test_a_text_that_may_have_been_sent_is_never_sent_again(
    twilio: TwilioStandIn,
    pickup: PickupRequest,
    clock: time_machine.Traveller,
    fault: dict[str, int],
    taken: bool,
) -> None:
    twilio.fault(**fault, taken=taken)
    assert nightly.run() == {"unconfirmed": 1}
    clock.shift(timedelta(hours=1))
    assert nightly.run() == {}
    assert statuses() == [("unknown", "no_answer")]
    assert (len(twilio.texts()), twilio.send_calls()) == (int(taken), 1)


def test_a_text_is_not_sent_again_after_a_timeout(
    twilio: TwilioStandIn, pickup: PickupRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("customers.texts.twilio_backend.TWILIO_TIMEOUT_SECONDS", 0.3)
    twilio.fault(1)
    assert nightly.run() == {"unconfirmed": 1}
    assert nightly.run() == {}


def test_a_customer_who_opted_out_at_twilio_gets_no_more_texts(
    twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    twilio.fault(400, error=21610)
    assert nightly.run() == {"refused": 1}
    customer = Customer.objects.get()
    assert (customer.receive_texts, customer.phone_is_mobile) == (False, None)
    assert statuses() == [("refused", "unsubscribed")]
    assert NightlyText.objects.get().error == 21610


@pytest.mark.parametrize("error", [21211, 21614])
def test_a_number_that_cannot_get_texts_is_no_mobile(
    twilio: TwilioStandIn, pickup: PickupRequest, error: int
) -> None:
    twilio.fault(400, error=error)
    assert nightly.run() == {"refused": 1}
    customer = Customer.objects.get()
    assert (customer.receive_texts, customer.phone_is_mobile) == (True, False)
    assert statuses() == [("refused", "impossible")]


def test_other_refusals_change_nothing_about_the_customer(
    twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    twilio.fault(400, error=21617)
    assert nightly.run() == {"refused": 1}
    customer = Customer.objects.get()
    assert (customer.receive_texts, customer.phone_is_mobile) == (True, None)
    assert statuses() == [("refused", "rejected")]


def test_a_refused_business_number_halts_that_business_for_15_minutes(
    twilio: TwilioStandIn,
    pickup: PickupRequest,
    texting: TextSettings,
    clock: time_machine.Traveller,
) -> None:
    other = TextSettingsFactory.create()
    PickupRequestFactory.create(
        customer=CustomerFactory.create(business=other.business, phone="+16285550177")
    )
    twilio.fault(400, error=21606, phone=pickup.customer.phone)
    assert nightly.run() == {"sent": 1, "halted": 1}
    texting.refresh_from_db()
    assert (texting.problem, statuses()) == ("number", [("waiting", "number"), ("sent", "")])
    clock.shift(timedelta(minutes=14))
    assert nightly.run() == {}
    clock.shift(timedelta(minutes=1))
    assert nightly.run() == {"sent": 1}
    texting.refresh_from_db()
    assert (texting.problem, texting.resume_at) == ("", None)


def test_refused_credentials_end_the_run_at_once(
    twilio: TwilioStandIn,
    business: Business,
    texting: TextSettings,
    settings: Any,
    clock: time_machine.Traveller,
) -> None:
    for customer in CustomerFactory.create_batch(40, business=business):
        PickupRequestFactory.create(customer=customer)
    token, settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN, "wrong"
    assert nightly.run() == {"halted": 40}
    assert nightly.run() == {}
    assert TextSettings.objects.get().problem == "account"
    settings.TWILIO_AUTH_TOKEN = token
    clock.shift(timedelta(minutes=15))
    assert nightly.run() == {"sent": 40}
    assert len({text.to for text in twilio.texts()}) == len(twilio.texts()) == 40


def test_texts_that_still_wait_at_nine_expire(
    twilio: TwilioStandIn, pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    twilio.fault(503)
    assert nightly.run() == {"postponed": 1}
    clock.move_to(datetime(2026, 11, 24, 5, tzinfo=UTC))
    assert nightly.run() == {"expired": 1}
    clock.shift(timedelta(days=1, hours=-2))
    assert nightly.run() == {}
    assert (statuses(), twilio.texts()) == ([("expired", "busy")], [])


def cancel(pickup: PickupRequest) -> None:
    pickup.cancel(via="Employee")


def move(pickup: PickupRequest) -> None:
    pickup.pickup_date += timedelta(days=1)
    pickup.save()


def opt_out(pickup: PickupRequest) -> None:
    Customer.objects.update(receive_texts=False)


def remove_phone(pickup: PickupRequest) -> None:
    pickup.customer.change_phone("")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (cancel, "not_scheduled"),
        (move, "not_scheduled"),
        (opt_out, "no_texts"),
        (remove_phone, "no_mobile"),
    ],
)
def test_changes_since_the_plan_prevent_sending(
    twilio: TwilioStandIn, pickup: PickupRequest, change: Any, reason: str
) -> None:
    plan_texts(timezone.now())
    change(pickup)
    assert nightly.run() == {}
    assert (twilio.send_calls(), statuses()) == (0, [("skipped", reason)])


def test_a_number_changed_since_the_plan_is_texted(
    twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    plan_texts(timezone.now())
    pickup.customer.change_phone("+16285550188")
    assert nightly.run() == {"sent": 1}
    assert [text.to for text in twilio.texts()] == ["+16285550188"]


def test_a_refusal_of_the_old_number_does_not_count_for_the_new_one(
    twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    plan_texts(timezone.now())
    (text,) = claim_texts(timezone.now())
    pickup.customer.change_phone("+16285550188")
    save_send_results({text.id: Refused("unsubscribed", 21610)}, timezone.now())
    assert Customer.objects.get().receive_texts is True


def test_a_result_that_is_recorded_twice_counts_once(
    twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    plan_texts(timezone.now())
    (text,) = claim_texts(timezone.now())
    for _ in range(2):
        save_send_results({text.id: Halted("number", 21606)}, timezone.now())
    row = NightlyText.objects.get()
    assert (row.status, row.reason, row.attempts) == ("waiting", "number", 0)


def test_a_result_that_comes_after_all_counts(
    twilio: TwilioStandIn, pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    plan_texts(timezone.now())
    (text,) = claim_texts(timezone.now())
    clock.shift(CLAIM_LIFETIME)
    assert nightly.run() == {"abandoned": 1}
    save_send_results({text.id: Sent("SM1")}, timezone.now())
    assert statuses() == [("sent", "")]
    assert nightly.run() == {}


def test_a_text_claimed_by_a_dead_worker_is_not_sent_again(
    twilio: TwilioStandIn, pickup: PickupRequest, clock: time_machine.Traveller
) -> None:
    plan_texts(timezone.now())
    assert len(claim_texts(timezone.now())) == 1
    clock.shift(CLAIM_LIFETIME - timedelta(seconds=1))
    assert nightly.run() == {}
    clock.shift(timedelta(seconds=1))
    assert nightly.run() == {"abandoned": 1}
    assert nightly.run() == {}
    assert (twilio.send_calls(), statuses()) == (0, [("unknown", "no_answer")])


def test_a_business_switched_off_sends_nothing_until_it_is_on_again(
    twilio: TwilioStandIn, pickup: PickupRequest, texting: TextSettings
) -> None:
    plan_texts(timezone.now())
    TextSettings.objects.update(enabled=False)
    assert nightly.run() == {}
    TextSettings.objects.update(enabled=True)
    assert nightly.run() == {"sent": 1}


def test_a_chunk_takes_as_many_queries_for_sixteen_texts_as_for_one(
    twilio: TwilioStandIn, business: Business, texting: TextSettings, clock: time_machine.Traveller
) -> None:
    def queries(count: int) -> int:
        for customer in CustomerFactory.create_batch(count, business=business):
            PickupRequestFactory.create(customer=customer)
        plan_texts(timezone.now())
        with CaptureQueriesContext(connection) as captured:
            assert nightly.run() == {"sent": count}
        return len(captured)

    assert queries(16) == queries(1)


def test_by_default_texts_go_to_the_console(pickup: PickupRequest, settings: Any) -> None:
    assert settings.TEXTS_BACKEND == "CONSOLE"
    assert nightly.run() == {"sent": 1}
    assert (statuses(), NightlyText.objects.get().sid) == ([("sent", "")], "")


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (401, 20003, Halted("account", 20003)),
        (401, None, Halted("account")),
        (403, None, Halted("account")),
        (404, 20404, Halted("account", 20404)),
        (400, 21606, Halted("number", 21606)),
        (400, 21610, Refused("unsubscribed", 21610)),
        (400, 21614, Refused("impossible", 21614)),
        (400, None, Refused("rejected")),
        (400, 99999, Refused("rejected", 99999)),
        (429, None, Postponed()),
        (503, None, Postponed()),
        (500, None, Unconfirmed()),
        (504, None, Unconfirmed()),
        (302, None, Unconfirmed()),
    ],
)
def test_each_response_of_twilio_has_one_meaning(
    status: int, error: int | None, outcome: SendResult
) -> None:
    assert result_of_error(status, error) == outcome
