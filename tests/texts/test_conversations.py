"""What customers answer, and what they get to read by return."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from customers.models import (
    Business,
    Customer,
    IncomingText,
    NightlyText,
    PickupRequest,
    TextSettings,
)
from customers.texts import nightly
from events.models import Integration, Outgoing
from tests.factories import (
    BusinessFactory,
    CustomerFactory,
    PickupRequestFactory,
    TextSettingsFactory,
)
from tests.texts.conftest import NUMBER
from tests.twilio import TwilioStandIn, automatic_replies, post_incoming_text

pytestmark = pytest.mark.django_db

CANCELED = "Your pickup on Tuesday, November 24 is canceled. Thank you for telling us."
CANCELED_ALREADY = "Your pickup on Tuesday, November 24 was already canceled."
NOT_ASKED = "We have not texted you about a pickup, so nothing was canceled. We forwarded your reply to our team."
KEPT = "Thank you. We forwarded your message to our team."


@pytest.fixture
def texted(twilio: TwilioStandIn, pickup: PickupRequest) -> PickupRequest:
    """The customer has got tonight's text."""
    assert nightly.run() == {"sent": 1}
    return pickup


def says(customer: Customer, body: str, number: str = NUMBER) -> list[str]:
    return automatic_replies(post_incoming_text(customer.phone, number, body))


def kept() -> list[tuple[str, str, bool]]:
    return list(IncomingText.objects.order_by("id").values_list("meaning", "outcome", "handled"))


def state(pickup: PickupRequest) -> tuple[str, str]:
    return PickupRequest.objects.values_list("status", "canceled_via").get(pk=pickup.pk)


SCHEDULED = ("scheduled", "")
BY_TEXT = ("canceled", "Text")


def test_a_no_cancels_exactly_the_pickup_that_the_text_was_about(texted: PickupRequest) -> None:
    later = PickupRequestFactory.create(
        customer=texted.customer, pickup_date=texted.pickup_date + timedelta(days=3)
    )
    assert says(texted.customer, "No") == [CANCELED]
    assert (state(texted), state(later)) == (BY_TEXT, SCHEDULED)
    assert kept() == [("no", "canceled", True)]
    assert IncomingText.objects.get().pickup == texted


def test_a_second_no_changes_nothing(texted: PickupRequest) -> None:
    later = PickupRequestFactory.create(
        customer=texted.customer, pickup_date=texted.pickup_date + timedelta(days=3)
    )
    says(texted.customer, "No")
    assert says(texted.customer, "No!") == [CANCELED_ALREADY]
    assert (state(texted), state(later)) == (BY_TEXT, SCHEDULED)


@pytest.mark.parametrize("via", ["Employee", "Website"])
def test_a_no_after_the_pickup_was_canceled_otherwise(
    texted: PickupRequest, integration: Integration, via: str
) -> None:
    texted.cancel(via=via)
    before = set(Outgoing.objects.values_list("event", flat=True))
    assert says(texted.customer, "No") == [CANCELED_ALREADY]
    assert state(texted) == ("canceled", via)
    assert set(Outgoing.objects.values_list("event", flat=True)) - before == {"identify"} - before


def test_a_no_after_the_driver_was_here(texted: PickupRequest) -> None:
    texted.complete()
    assert says(texted.customer, "No") == [
        "Our driver already came for your pickup on Tuesday, November 24, so there is nothing to cancel."
    ]
    assert state(texted) == ("completed", "")


def test_a_no_in_the_morning_before_the_van_leaves_counts(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 15, 59, tzinfo=UTC))
    assert says(texted.customer, "No") == [CANCELED]


def test_a_no_after_the_van_left_cancels_nothing_and_waits_for_somebody(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    assert says(texted.customer, "No") == [
        "Our van is already on its way, so your pickup on Tuesday, November 24 was not canceled. Please call us."
    ]
    assert (state(texted), kept()) == (SCHEDULED, [("no", "van_left", False)])


def test_a_no_when_the_day_has_passed(texted: PickupRequest, clock: time_machine.Traveller) -> None:
    clock.move_to(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))
    assert says(texted.customer, "No") == [
        "Your pickup was on Tuesday, November 24, so there is nothing to cancel. We forwarded your reply to our team."
    ]
    assert (state(texted), kept()) == (SCHEDULED, [("no", "passed", False)])


def test_a_no_weeks_later_is_about_something_else(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=8))
    soon = PickupRequestFactory.create(customer=texted.customer)
    assert says(texted.customer, "No") == [NOT_ASKED]
    assert state(soon) == SCHEDULED


def test_a_no_of_somebody_who_was_not_texted(
    texting: TextSettings, twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    assert says(pickup.customer, "No") == [NOT_ASKED]
    assert (state(pickup), kept()) == (SCHEDULED, [("no", "not_asked", False)])


def test_a_pickup_that_was_made_anew_after_the_text_is_not_canceled_by_guess(
    texted: PickupRequest,
) -> None:
    texted.cancel(via="Employee")
    anew = PickupRequest.schedule(texted.customer, texted.pickup_date)
    assert says(texted.customer, "No") == [
        "Your pickup changed after we texted you, so nothing was canceled. We forwarded your reply to our team."
    ]
    assert (state(anew), kept()) == (SCHEDULED, [("no", "made_anew", False)])


def test_a_pickup_that_was_moved_after_the_text_is_not_canceled_by_guess(
    texted: PickupRequest,
) -> None:
    texted.pickup_date += timedelta(days=1)
    texted.save()
    assert says(texted.customer, "No") == [
        "Your pickup changed after we texted you, so nothing was canceled. We forwarded your reply to our team."
    ]
    assert state(texted) == SCHEDULED


def test_a_text_of_which_nobody_knows_whether_it_arrived_can_be_answered(
    texted: PickupRequest,
) -> None:
    NightlyText.objects.update(status="unknown")
    assert says(texted.customer, "No") == [CANCELED]


def test_the_last_text_is_the_one_that_counts(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=1))
    next_one = PickupRequestFactory.create(customer=texted.customer)
    assert nightly.run() == {"sent": 1}
    assert says(texted.customer, "No") == [
        "Your pickup on Wednesday, November 25 is canceled. Thank you for telling us."
    ]
    assert (state(texted), state(next_one)) == (SCHEDULED, BY_TEXT)


def test_a_no_from_a_number_that_the_customer_has_given_up_cancels_nothing(
    texted: PickupRequest,
) -> None:
    old = texted.customer.phone
    texted.customer.change_phone("+16285550188")
    assert automatic_replies(post_incoming_text(old, NUMBER, "No")) == []
    assert state(texted) == SCHEDULED
    assert kept() == [("no", "nothing", False)]
    assert Customer.objects.get().text_answered_at is None


def test_a_no_from_a_new_number_to_which_no_text_went_waits_for_somebody(
    texted: PickupRequest,
) -> None:
    texted.customer.change_phone("+16285550188")
    assert says(texted.customer, "No") == [NOT_ASKED]
    assert (state(texted), kept()) == (SCHEDULED, [("no", "not_asked", False)])


def test_an_answer_in_the_language_of_the_business_is_answered_in_it(texted: PickupRequest) -> None:
    TextSettings.objects.update(language="de")
    assert says(texted.customer, "Nein danke") == [
        "Ihre Abholung am Dienstag, 24. November ist abgesagt. Danke für Ihre Nachricht."
    ]


def test_what_a_business_has_set_is_understood(texted: PickupRequest) -> None:
    TextSettings.objects.update(also_understood=["fr"], own_no="Pass, not this week")
    assert says(texted.customer, "Not this week!") == [CANCELED]
    assert says(texted.customer, "Non") == [CANCELED_ALREADY]


def test_stop_and_start(texted: PickupRequest, business: Business) -> None:
    assert says(texted.customer, "Stop") == [
        f"You will get no more texts from {business.name}. Reply START to get them again."
    ]
    assert Customer.objects.get().receive_texts is False
    assert says(texted.customer, "START") == [
        f"You will get texts from {business.name} again. Reply STOP to opt out."
    ]
    assert Customer.objects.get().receive_texts is True
    assert state(texted) == SCHEDULED
    assert kept() == [("stop", "stopped", True), ("start", "started", True)]


def test_stop_reaches_segment(texted: PickupRequest, integration: Integration) -> None:
    says(texted.customer, "Stop")
    assert list(Outgoing.objects.values_list("event", flat=True)) == ["identify"]


@pytest.mark.parametrize(("opt_out", "wanted"), [("STOP", False), ("START", True)])
def test_where_twilio_has_answered_already_we_say_nothing(
    texted: PickupRequest, opt_out: str, wanted: bool
) -> None:
    assert (
        automatic_replies(
            post_incoming_text(texted.customer.phone, NUMBER, "Arret", OptOutType=opt_out)
        )
        == []
    )
    assert Customer.objects.get().receive_texts is wanted


def test_cancel_which_twilio_takes_for_stop_does_both(texted: PickupRequest) -> None:
    assert automatic_replies(
        post_incoming_text(texted.customer.phone, NUMBER, "Cancel", OptOutType="STOP")
    ) == [CANCELED]
    assert (state(texted), Customer.objects.get().receive_texts) == (BY_TEXT, False)


def test_stop_works_where_the_business_has_switched_its_texts_off(texted: PickupRequest) -> None:
    TextSettings.objects.update(enabled=False)
    says(texted.customer, "Stop")
    assert Customer.objects.get().receive_texts is False


def test_another_machine_is_not_answered_again_and_again(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    assert says(texted.customer, "I am driving.") == [KEPT]
    assert says(texted.customer, "I am driving.") == []
    clock.shift(timedelta(hours=1))
    assert says(texted.customer, "I am driving.") == [KEPT]
    assert kept() == [
        ("other", "kept", False),
        ("other", "nothing", False),
        ("other", "kept", False),
    ]


def test_any_answer_proves_that_the_phone_is_a_mobile(texted: PickupRequest) -> None:
    says(texted.customer, "Yes")
    assert Customer.objects.get().text_answered_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def test_a_stranger_is_kept_and_told_nothing(texted: PickupRequest) -> None:
    for body in ("No", "Stop", "Hello?"):
        assert automatic_replies(post_incoming_text("+16285550155", NUMBER, body)) == []
    assert state(texted) == SCHEDULED
    strangers = IncomingText.objects.filter(customer=None, phone="+16285550155", handled=False)
    assert (strangers.count(), IncomingText.objects.count()) == (3, 3)


@pytest.mark.parametrize("sender", ["", "86753", "Anonymous", "whatsapp:+16285550155"])
def test_a_sender_without_a_number_is_a_stranger(texted: PickupRequest, sender: str) -> None:
    Customer.objects.update(phone="") if not sender else None
    assert automatic_replies(post_incoming_text(sender, NUMBER, "No")) == []
    assert state(texted) == SCHEDULED


@pytest.fixture
def couple(
    twilio: TwilioStandIn, texting: TextSettings, business: Business
) -> tuple[PickupRequest, PickupRequest]:
    """Two customers with one number, both with a pickup tomorrow, both texted."""
    ann, bob = (
        CustomerFactory.create(business=business, first_name=name, phone="+16285550144")
        for name in ("Ann", "Bob")
    )
    pickups = PickupRequestFactory.create(customer=ann), PickupRequestFactory.create(customer=bob)
    assert nightly.run() == {"sent": 2}
    return pickups


WHICH = (
    'We texted you about pickups for Ann and Bob. Please reply with the name too, such as "NO Ann".'
)


def test_who_shares_a_number_is_asked_whose_pickup_is_meant(
    couple: tuple[PickupRequest, PickupRequest],
) -> None:
    ann, bob = couple
    assert says(ann.customer, "No") == [WHICH]
    assert (state(ann), state(bob), kept()) == (SCHEDULED, SCHEDULED, [("no", "which", False)])
    assert says(ann.customer, "No Bob") == [CANCELED]
    assert (state(ann), state(bob)) == (SCHEDULED, BY_TEXT)
    assert IncomingText.objects.latest("id").customer == bob.customer


def test_of_two_who_share_a_number_the_one_who_was_texted_is_meant(
    twilio: TwilioStandIn, pickup: PickupRequest, business: Business
) -> None:
    CustomerFactory.create(business=business, phone=pickup.customer.phone)
    nightly.run()
    assert says(pickup.customer, "No") == [CANCELED]


def test_stop_holds_for_all_who_share_a_number_and_an_answer_proves_it_of_all(
    couple: tuple[PickupRequest, PickupRequest],
) -> None:
    says(couple[0].customer, "Stop")
    assert [
        (one.receive_texts, one.text_answered_at is not None) for one in Customer.objects.all()
    ] == [(False, True), (False, True)]


def test_of_a_number_known_to_two_businesses_the_one_that_was_texted_is_meant(
    texted: PickupRequest,
) -> None:
    other = TextSettingsFactory.create(business=BusinessFactory.create(), number="+14155550101")
    same_person = CustomerFactory.create(business=other.business, phone=texted.customer.phone)
    there = PickupRequestFactory.create(customer=same_person)
    assert nightly.run() == {"sent": 1}

    assert says(same_person, "No", "+14155550101") == [CANCELED]
    assert (state(texted), state(there)) == (SCHEDULED, BY_TEXT)
    says(same_person, "Stop", "+14155550101")
    texted.customer.refresh_from_db()
    assert (texted.customer.receive_texts, texted.customer.text_answered_at) == (True, None)
    assert set(IncomingText.objects.values_list("business", flat=True)) == {other.business_id}
