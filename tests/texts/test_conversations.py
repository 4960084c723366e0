"""Customers' replies, their effects and the automatic replies."""

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
CANCELED_BEFORE = "Your pickup on Tuesday, November 24 was already canceled."
CHANGED = (
    "Your pickup changed after we texted you, so nothing was canceled. "
    "We forwarded your reply to our team."
)
COMPLETED_BEFORE = (
    "Our driver already came for your pickup on Tuesday, November 24, "
    "so there is nothing to cancel."
)
VAN_LEFT = (
    "Our van is already on its way, so your pickup on Tuesday, November 24 was not canceled. "
    "Please call us."
)
DAY_PASSED = (
    "Your pickup was on Tuesday, November 24, so there is nothing to cancel. "
    "We forwarded your reply to our team."
)
NOT_TEXTED = (
    "We have not texted you about a pickup, so nothing was canceled. "
    "We forwarded your reply to our team."
)
FORWARDED = "Thank you. We forwarded your message to our team."
ASKED = (
    "We did not cancel your pickup on Tuesday, November 24. Reply NO to cancel it. "
    "We forwarded your message to our team."
)


@pytest.fixture
def texted(twilio: TwilioStandIn, pickup: PickupRequest) -> PickupRequest:
    """A pickup. The customer got the text about it tonight."""
    assert nightly.run() == {"sent": 1}
    return pickup


def reply(customer: Customer, body: str, number: str = NUMBER) -> list[str]:
    return automatic_replies(post_incoming_text(customer.phone, number, body))


def stored_texts() -> list[tuple[str, str, bool]]:
    return list(IncomingText.objects.order_by("id").values_list("meaning", "outcome", "handled"))


def pickup_state(pickup: PickupRequest) -> tuple[str, str]:
    return PickupRequest.objects.values_list("status", "canceled_via").get(pk=pickup.pk)


SCHEDULED = ("scheduled", "")
BY_TEXT = ("canceled", "Text")


def test_a_no_cancels_exactly_the_pickup_that_the_text_was_about(texted: PickupRequest) -> None:
    later = PickupRequestFactory.create(
        customer=texted.customer, pickup_date=texted.pickup_date + timedelta(days=3)
    )
    assert reply(texted.customer, "No") == [CANCELED]
    assert (pickup_state(texted), pickup_state(later)) == (BY_TEXT, SCHEDULED)
    assert stored_texts() == [("no", "canceled", True)]
    assert IncomingText.objects.get().pickup == texted


def test_a_second_no_changes_nothing(texted: PickupRequest) -> None:
    later = PickupRequestFactory.create(
        customer=texted.customer, pickup_date=texted.pickup_date + timedelta(days=3)
    )
    reply(texted.customer, "No")
    assert reply(texted.customer, "No!") == [CANCELED_BEFORE]
    assert (pickup_state(texted), pickup_state(later)) == (BY_TEXT, SCHEDULED)


@pytest.mark.parametrize("via", ["Employee", "Website"])
def test_a_no_after_the_pickup_was_canceled_in_another_way_changes_nothing(
    texted: PickupRequest, integration: Integration, via: str
) -> None:
    texted.cancel(via=via)
    before = set(Outgoing.objects.values_list("event", flat=True))
    assert reply(texted.customer, "No") == [CANCELED_BEFORE]
    assert pickup_state(texted) == ("canceled", via)
    assert set(Outgoing.objects.values_list("event", flat=True)) - before == {"identify"} - before


def test_a_no_after_the_pickup_was_completed_cancels_nothing(texted: PickupRequest) -> None:
    texted.complete()
    assert reply(texted.customer, "No") == [COMPLETED_BEFORE]
    assert pickup_state(texted) == ("completed", "")


def test_a_no_in_the_morning_before_the_van_leaves_counts(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 15, 59, tzinfo=UTC))
    assert reply(texted.customer, "No") == [CANCELED]


def test_a_no_after_the_van_left_cancels_nothing_and_is_left_for_the_business(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    assert reply(texted.customer, "No") == [VAN_LEFT]
    assert (pickup_state(texted), stored_texts()) == (SCHEDULED, [("no", "van_left", False)])


def test_a_no_when_the_day_has_passed_cancels_nothing(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))
    assert reply(texted.customer, "No") == [DAY_PASSED]
    assert (pickup_state(texted), stored_texts()) == (SCHEDULED, [("no", "passed", False)])


def test_a_no_weeks_later_cancels_nothing(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=8))
    later = PickupRequestFactory.create(customer=texted.customer)
    assert reply(texted.customer, "No") == [NOT_TEXTED]
    assert pickup_state(later) == SCHEDULED


def test_a_no_from_a_customer_who_was_not_texted_cancels_nothing(
    texting: TextSettings, twilio: TwilioStandIn, pickup: PickupRequest
) -> None:
    assert reply(pickup.customer, "No") == [NOT_TEXTED]
    assert (pickup_state(pickup), stored_texts()) == (SCHEDULED, [("no", "not_asked", False)])


def test_a_pickup_scheduled_again_after_the_text_is_not_canceled(
    texted: PickupRequest,
) -> None:
    texted.cancel(via="Employee")
    again = PickupRequest.schedule(texted.customer, texted.pickup_date)
    assert reply(texted.customer, "No") == [CHANGED]
    assert (pickup_state(again), stored_texts()) == (SCHEDULED, [("no", "made_anew", False)])


def test_a_pickup_moved_after_the_text_is_not_canceled(
    texted: PickupRequest,
) -> None:
    texted.pickup_date += timedelta(days=1)
    texted.save()
    assert reply(texted.customer, "No") == [CHANGED]
    assert pickup_state(texted) == SCHEDULED


def test_a_no_to_an_unconfirmed_text_counts(
    texted: PickupRequest,
) -> None:
    NightlyText.objects.update(status="unknown")
    assert reply(texted.customer, "No") == [CANCELED]


def test_a_no_counts_for_the_last_text(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.shift(timedelta(days=1))
    next_one = PickupRequestFactory.create(customer=texted.customer)
    assert nightly.run() == {"sent": 1}
    assert reply(texted.customer, "No") == [
        "Your pickup on Wednesday, November 25 is canceled. Thank you for telling us."
    ]
    assert (pickup_state(texted), pickup_state(next_one)) == (SCHEDULED, BY_TEXT)


def test_a_no_from_the_customer_s_old_number_cancels_nothing(
    texted: PickupRequest,
) -> None:
    old = texted.customer.phone
    texted.customer.change_phone("+16285550188")
    assert automatic_replies(post_incoming_text(old, NUMBER, "No")) == []
    assert pickup_state(texted) == SCHEDULED
    assert stored_texts() == [("no", "nothing", False)]
    assert Customer.objects.get().text_answered_at is None


def test_a_no_from_a_new_number_that_was_not_texted_is_left_for_the_business(
    texted: PickupRequest,
) -> None:
    texted.customer.change_phone("+16285550188")
    assert reply(texted.customer, "No") == [NOT_TEXTED]
    assert (pickup_state(texted), stored_texts()) == (SCHEDULED, [("no", "not_asked", False)])


def test_the_automatic_reply_is_in_the_language_of_the_business(texted: PickupRequest) -> None:
    TextSettings.objects.update(language="de")
    assert reply(texted.customer, "Nein danke") == [
        "Ihre Abholung am Dienstag, 24. November ist abgesagt. Danke für Ihre Nachricht."
    ]


def test_the_business_s_own_languages_and_words_are_understood(texted: PickupRequest) -> None:
    TextSettings.objects.update(also_understood=["fr"], own_no="Pass, not this week")
    assert reply(texted.customer, "Not this week!") == [CANCELED]
    assert reply(texted.customer, "Non") == [CANCELED_BEFORE]


def test_a_customer_opts_out_and_in_again(texted: PickupRequest, business: Business) -> None:
    assert reply(texted.customer, "Stop") == [
        f"You will get no more texts from {business.name}. Reply START to get them again."
    ]
    assert Customer.objects.get().receive_texts is False
    assert reply(texted.customer, "START") == [
        f"You will get texts from {business.name} again. Reply STOP to opt out."
    ]
    assert Customer.objects.get().receive_texts is True
    assert pickup_state(texted) == SCHEDULED
    assert stored_texts() == [("stop", "stopped", True), ("start", "started", True)]


def test_opting_out_reaches_segment(texted: PickupRequest, integration: Integration) -> None:
    reply(texted.customer, "Stop")
    assert list(Outgoing.objects.values_list("event", flat=True)) == ["identify"]


@pytest.mark.parametrize(("opt_out", "wanted"), [("STOP", False), ("START", True)])
def test_we_send_no_automatic_reply_if_twilio_already_replied(
    texted: PickupRequest, opt_out: str, wanted: bool
) -> None:
    assert (
        automatic_replies(
            post_incoming_text(texted.customer.phone, NUMBER, "Arret", OptOutType=opt_out)
        )
        == []
    )
    assert Customer.objects.get().receive_texts is wanted


def test_the_reply_cancel_cancels_and_opts_out_if_twilio_treats_it_as_stop(
    texted: PickupRequest,
) -> None:
    assert automatic_replies(
        post_incoming_text(texted.customer.phone, NUMBER, "Cancel", OptOutType="STOP")
    ) == [CANCELED]
    assert (pickup_state(texted), Customer.objects.get().receive_texts) == (BY_TEXT, False)


def test_opting_out_works_when_texts_are_switched_off(texted: PickupRequest) -> None:
    TextSettings.objects.update(enabled=False)
    reply(texted.customer, "Stop")
    assert Customer.objects.get().receive_texts is False


def test_an_autoresponder_gets_one_automatic_reply_an_hour(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    assert reply(texted.customer, "I am driving.") == [ASKED]
    assert reply(texted.customer, "I am driving.") == []
    clock.shift(timedelta(hours=1))
    assert reply(texted.customer, "I am driving.") == [FORWARDED]
    assert stored_texts() == [
        ("other", "asked", False),
        ("other", "nothing", False),
        ("other", "kept", False),
    ]


def test_after_a_second_text_an_unclear_reply_is_asked_about_again(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    assert reply(texted.customer, "Maybe") == [ASKED]
    clock.shift(timedelta(days=1))
    PickupRequestFactory.create(
        customer=texted.customer, pickup_date=texted.pickup_date + timedelta(days=1)
    )
    assert nightly.run() == {"sent": 1}
    assert reply(texted.customer, "Maybe") == [
        ASKED.replace("Tuesday", "Wednesday", 1).replace("24", "25")
    ]


def test_a_no_after_the_question_cancels(texted: PickupRequest) -> None:
    assert reply(texted.customer, "Not sure yet") == [ASKED]
    assert reply(texted.customer, "NO") == [CANCELED]


@pytest.mark.parametrize(
    "body",
    ["Ok", "Thanks!", "\U0001f44d", "Yes please", "Liked \u201cReply NO to cancel it.\u201d"],
)
def test_thanks_and_reactions_get_no_reply_and_need_nobody(
    texted: PickupRequest, body: str
) -> None:
    assert reply(texted.customer, body) == []
    assert pickup_state(texted) == SCHEDULED
    assert stored_texts()[0][1:] == ("noted", True)


def test_nothing_is_asked_when_a_no_would_cancel_nothing(
    texted: PickupRequest, clock: time_machine.Traveller
) -> None:
    clock.move_to(datetime(2026, 11, 24, 16, 0, tzinfo=UTC))
    assert reply(texted.customer, "Where is your van?") == [FORWARDED]


def test_who_opted_out_gets_no_reply_to_what_is_unclear(texted: PickupRequest) -> None:
    reply(texted.customer, "Stop")
    assert reply(texted.customer, "Where is my shirt?") == []
    assert stored_texts()[-1] == ("other", "nothing", False)


class TestOptingIn:
    def test_yes_after_a_stop_opts_in(self, texted: PickupRequest) -> None:
        for word in ("Yes", "UNSTOP"):
            reply(texted.customer, "STOP")
            assert Customer.objects.get().receive_texts is False
            assert len(reply(texted.customer, word)) == 1
            assert Customer.objects.get().receive_texts is True
        assert stored_texts()[-1] == ("start", "started", True)

    def test_yes_without_a_stop_changes_nothing(self, texted: PickupRequest) -> None:
        Customer.objects.update(receive_texts=False)
        assert reply(texted.customer, "Yes") == []
        assert Customer.objects.get().receive_texts is False

    def test_yes_opts_in_once_only(self, texted: PickupRequest) -> None:
        reply(texted.customer, "STOP")
        reply(texted.customer, "START")
        Customer.objects.update(receive_texts=False)
        assert reply(texted.customer, "Yes") == []
        assert Customer.objects.get().receive_texts is False

    def test_yes_after_twilio_refused_our_text_opts_in(self, texted: PickupRequest) -> None:
        Customer.objects.update(receive_texts=False)
        NightlyText.objects.update(
            status=NightlyText.Status.REFUSED, reason=NightlyText.Reason.UNSUBSCRIBED
        )
        assert len(reply(texted.customer, "Yes")) == 1
        assert Customer.objects.get().receive_texts is True


class TestCancelAlone:
    def test_cancels_and_opts_out(self, texted: PickupRequest, business: Business) -> None:
        assert reply(texted.customer, "CANCEL") == [
            (
                f"{CANCELED} You will get no more texts from {business.name}. "
                "Reply START to get them again."
            )
        ]
        assert (pickup_state(texted), Customer.objects.get().receive_texts) == (BY_TEXT, False)
        assert stored_texts() == [("both", "canceled", True)]

    def test_without_a_text_opts_out(
        self, twilio: TwilioStandIn, customer: Customer, texting: TextSettings
    ) -> None:
        assert len(reply(customer, "Cancel")) == 1
        assert Customer.objects.get().receive_texts is False
        assert stored_texts() == [("both", "stopped", True)]

    def test_with_please_is_about_the_pickup_alone(self, texted: PickupRequest) -> None:
        assert reply(texted.customer, "Cancel pls") == [CANCELED]
        assert Customer.objects.get().receive_texts is True


def test_help_says_what_the_texts_are(texted: PickupRequest, business: Business) -> None:
    assert reply(texted.customer, "HELP") == [
        (
            f"{business.name} texts you on the evening before a pickup. "
            "Reply NO to cancel the pickup, STOP to opt out. For anything else, please call us."
        )
    ]
    by_twilio = post_incoming_text(texted.customer.phone, NUMBER, "HELP", OptOutType="HELP")
    assert automatic_replies(by_twilio) == []


def test_any_reply_proves_that_the_phone_is_a_mobile(texted: PickupRequest) -> None:
    reply(texted.customer, "Yes")
    assert Customer.objects.get().text_answered_at == datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def test_a_text_from_an_unknown_number_is_stored_without_a_reply(texted: PickupRequest) -> None:
    for body in ("No", "Stop", "Hello?"):
        assert automatic_replies(post_incoming_text("+16285550155", NUMBER, body)) == []
    assert pickup_state(texted) == SCHEDULED
    unknown_senders = IncomingText.objects.filter(
        customer=None, phone="+16285550155", handled=False
    )
    assert (unknown_senders.count(), IncomingText.objects.count()) == (3, 3)


@pytest.mark.parametrize("sender", ["", "86753", "Anonymous", "whatsapp:+16285550155"])
def test_a_sender_without_a_number_gets_no_reply(texted: PickupRequest, sender: str) -> None:
    Customer.objects.update(phone="") if not sender else None
    assert automatic_replies(post_incoming_text(sender, NUMBER, "No")) == []
    assert pickup_state(texted) == SCHEDULED


@pytest.fixture
def two_pickups(
    twilio: TwilioStandIn, texting: TextSettings, business: Business
) -> tuple[PickupRequest, PickupRequest]:
    """The pickups of two customers with one number, both texted."""
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


def test_customers_who_share_a_number_are_asked_for_a_name(
    two_pickups: tuple[PickupRequest, PickupRequest],
) -> None:
    ann, bob = two_pickups
    assert reply(ann.customer, "No") == [WHICH]
    assert (pickup_state(ann), pickup_state(bob), stored_texts()) == (
        SCHEDULED,
        SCHEDULED,
        [("no", "which", False)],
    )
    assert reply(ann.customer, "No Bob") == [CANCELED]
    assert (pickup_state(ann), pickup_state(bob)) == (SCHEDULED, BY_TEXT)
    assert IncomingText.objects.latest("id").customer == bob.customer


def test_a_no_is_about_the_customer_who_was_texted(
    twilio: TwilioStandIn, pickup: PickupRequest, business: Business
) -> None:
    CustomerFactory.create(business=business, phone=pickup.customer.phone)
    nightly.run()
    assert reply(pickup.customer, "No") == [CANCELED]


def test_a_reply_counts_for_all_customers_who_share_a_number(
    two_pickups: tuple[PickupRequest, PickupRequest],
) -> None:
    reply(two_pickups[0].customer, "Stop")
    assert [
        (one.receive_texts, one.text_answered_at is not None) for one in Customer.objects.all()
    ] == [(False, True), (False, True)]


def test_a_reply_is_for_the_business_whose_number_was_texted(
    texted: PickupRequest,
) -> None:
    other = TextSettingsFactory.create(business=BusinessFactory.create(), number="+14155550101")
    same_person = CustomerFactory.create(business=other.business, phone=texted.customer.phone)
    other_pickup = PickupRequestFactory.create(customer=same_person)
    assert nightly.run() == {"sent": 1}

    assert reply(same_person, "No", "+14155550101") == [CANCELED]
    assert (pickup_state(texted), pickup_state(other_pickup)) == (SCHEDULED, BY_TEXT)
    reply(same_person, "Stop", "+14155550101")
    texted.customer.refresh_from_db()
    assert (texted.customer.receive_texts, texted.customer.text_answered_at) == (True, None)
    assert set(IncomingText.objects.values_list("business", flat=True)) == {other.business_id}


@pytest.mark.parametrize(
    ("stored", "sender"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5215512345678", "+525512345678"),
        ("+5511987654321", "+551187654321"),
        ("+551187654321", "+5511987654321"),
        ("+541123456789", "+5491123456789"),
    ],
)
def test_a_reply_from_another_form_of_the_number_is_the_customer_s(
    twilio: TwilioStandIn, pickup: PickupRequest, stored: str, sender: str
) -> None:
    customers = Customer.objects.filter(pk=pickup.customer_id)
    customers.update(phone=stored, phone_is_mobile=True)
    assert nightly.run() == {"sent": 1}

    assert automatic_replies(post_incoming_text(sender, NUMBER, "No")) == [CANCELED]
    assert pickup_state(pickup) == BY_TEXT
    assert automatic_replies(post_incoming_text(sender, NUMBER, "STOP"))
    assert customers.get().receive_texts is False
