"""Each of the simulated people acts from outside, and what they do arrives at Segment with its true source."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from customers.models import (
    Brand,
    Customer,
    IncomingText,
    NightlyText,
    Order,
    PickupRequest,
    RegularPickupRequest,
)
from devtools.demo import counter, drivers, owner, replies, simulation, stand_ins, website
from devtools.demo.businesses import BUSINESSES
from devtools.demo.choices import choose_customer, customer_link
from devtools.demo.remote_business import DemoServers, RemoteBusiness
from smrt_integration.api.models import ApiKey
from tests.devtools.demo.conftest import AlwaysRepeats, DemoSystem

US, EU, OFF = BUSINESSES
Step = tuple[simulation.Action, str, Mapping[str, Any]]


def go_through(system: DemoSystem, steps: list[Step]) -> None:
    """Each action makes the event, with these properties among its own."""
    for action, event, expected in steps:
        assert system.act(action), action.__name__
        arrived = system.events()
        assert event in arrived, (action.__name__, arrived)
        assert expected.items() <= arrived[event].items(), action.__name__


def test_what_the_till_does(system: DemoSystem) -> None:
    go_through(
        system,
        [
            (counter.sign_up, "New Customer Signup", {"source": "POS"}),
            (counter.create_order, "Order Created", {"currency": "USD"}),
            (counter.mark_ready, "Order Ready", {}),
            (counter.return_one_item, "Order Line Item Returned", {}),
            (counter.return_order, "Order Returned", {}),
            (counter.schedule_pickup, "Pickup Scheduled", {"scheduled_by": "Employee"}),
        ],
    )
    assert system.posts("pos") == 6
    assert (system.posts("app"), system.posts("website")) == (0, 0)
    key = ApiKey.objects.get(business__name=US.name, name="Tills")
    assert key.last_used_at is not None


def test_what_the_till_does_without_an_event(system: DemoSystem) -> None:
    assert "was canceled by an employee" in str(system.act(counter.cancel_pickup))
    assert PickupRequest.objects.get(canceled_via="Employee").status == "canceled"
    assert "Customer Canceled Pickup" not in system.events()

    Customer.objects.filter(business__name=US.name).exclude(street="")[0].request_regular_pickups()
    assert system.act(counter.decide_regular_pickup_request)
    assert RegularPickupRequest.objects.get().status in {"approved", "declined"}
    assert system.posts("pos") == 2


def test_the_till_and_the_office_change_what_traits_show(system: DemoSystem) -> None:
    before = set(
        Customer.objects.values_list(
            "uuid", "group", "discount", "payment_term", "agent", "brand", "receive_texts"
        )
    )
    for _ in range(6):
        assert "an employee changed" in str(system.act(counter.change_account))
    after = set(
        Customer.objects.values_list(
            "uuid", "group", "discount", "payment_term", "agent", "brand", "receive_texts"
        )
    )
    assert before != after
    assert "identify" in system.events()
    named = set(Brand.objects.values_list("name", flat=True))
    while set(Brand.objects.values_list("name", flat=True)) == named:
        assert " is called " in str(system.act(owner.rename))


def test_what_drivers_do(system: DemoSystem) -> None:
    go_through(
        system,
        [
            (drivers.pick_up, "Pickup Completed", {"had_pickup": True, "total_pickups": 1}),
            (drivers.deliver, "Pickup Completed", {"had_delivery": True, "had_pickup": False}),
            (drivers.miss_stop, "Pickup Missed", {}),
        ],
    )
    # a stop each, what happened there, and an order
    assert system.posts("app") == 7
    assert (system.posts("pos"), system.posts("website")) == (0, 0)


def test_a_phone_that_had_no_network_tells_late_when_it_was(system: DemoSystem) -> None:
    assert (
        system.act(drivers.send_late_reports)
        == "Sam Becker had no network and now told of 3 stops from before"
    )
    stops = {
        one["event"]: one for one in system.arrived() if one.get("event", "").startswith("Pickup ")
    }
    assert stops
    ages = [timezone.now() - datetime.fromisoformat(one["timestamp"]) for one in stops.values()]
    assert all(timedelta(minutes=6) <= age < timedelta(minutes=20) for age in ages)


def test_what_customers_do_on_their_pages(system: DemoSystem) -> None:
    go_through(
        system,
        [
            (website.sign_up, "New Customer Signup", {"source": "Website"}),
            (website.schedule_pickup, "Pickup Scheduled", {"scheduled_by": "Customer"}),
            (website.cancel_pickup, "Customer Canceled Pickup", {"canceled_via": "Website"}),
            (website.request_regular_pickups, "Customer Requested Regular Pickups", {}),
            (website.change_email, "identify", {}),
            (website.change_phone, "identify", {}),
            (website.change_address, "identify", {}),
            (website.answer_custom_field, "identify", {}),
        ],
    )
    join, schedule, cancel, *others = system.requests()
    assert (join.split("/")[1], schedule, cancel.split("/")[-1]) == (
        "join",
        "/account/pickups/new",
        "cancel",
    )
    assert others == [
        "/account/regular",
        "/account/details",
        "/account/details",
        "/account/details",
    ]
    assert [system.posts(client) for client in ("pos", "app", "website")] == [0, 0, 0]
    site = ApiKey.objects.get(business__name=US.name, name="Website")
    assert site.last_used_at is not None


def test_customers_choose_their_messages(system: DemoSystem) -> None:
    def wishes() -> list[tuple[bool, bool]]:
        return list(Customer.objects.order_by("pk").values_list("receive_emails", "receive_texts"))

    before = wishes()
    while wishes() == before:
        assert " wants to get " in str(system.act(website.change_message_settings))
    changed = [pair for pair, was in zip(wishes(), before, strict=True) if pair != was]
    traits = system.events()["identify"]
    assert changed == [(traits["receiveEmails"], traits["receiveTexts"])]
    assert set(system.requests()) == {"/account/messages"}


def test_many_sign_up_within_an_hour(system: DemoSystem) -> None:
    """Each at home: from one address, the page takes no more than 20."""
    said = [system.act(website.sign_up, EU) for _ in range(22)]
    assert [line for line in said if not str(line).endswith("signed up on the website")] == []


def test_a_no_to_a_text_cancels_and_says_so(system: DemoSystem) -> None:
    said = str(system.act(replies.reply_no))
    assert said.endswith(" answered No to the text about a pickup")
    assert system.events()["Customer Canceled Pickup"]["canceled_via"] == "Text"
    answer = IncomingText.objects.get()
    assert (answer.outcome, str(answer.customer)) == (
        "canceled",
        said.removesuffix(" answered No to the text about a pickup"),
    )
    assert system.twilio.texts()[-1].body == answer.reply
    assert system.requests() == ["/texts/incoming"]


def test_other_answers_to_texts(system: DemoSystem) -> None:
    for action in (replies.reply_yes, replies.reply_with_question):
        assert system.act(action, EU)
    assert set(IncomingText.objects.values_list("outcome", flat=True)) == {"kept"}
    assert set(PickupRequest.objects.values_list("status", flat=True)) == {"scheduled"}


def test_stop_and_start(system: DemoSystem) -> None:
    assert system.act(replies.reply_start) is None
    assert str(system.act(replies.reply_stop)).endswith(" wants no more texts")
    assert system.events()["identify"]["receiveTexts"] is False
    assert str(system.act(replies.reply_start)).endswith(" wants to get texts again")
    assert system.events()["identify"]["receiveTexts"] is True


def test_only_texts_that_are_there_are_answered(system: DemoSystem) -> None:
    sent = NightlyText.objects.filter(business__name=US.name).count()
    assert sent == 4
    assert [system.act(replies.reply_yes) is not None for _ in range(sent + 1)] == [True] * sent + [
        False
    ]
    assert IncomingText.objects.count() == sent


def test_a_stand_in_that_starts_anew_knows_what_was_answered_before(system: DemoSystem) -> None:
    system.act(replies.reply_no)
    before = system.twilio.texts()
    system.twilio.reset()
    assert stand_ins.remember_texts(system.twilio.url)
    assert sorted(system.twilio.texts()) == sorted(before)
    answered = [system.act(replies.reply_yes) for _ in range(4)]
    assert answered.count(None) == 1


@pytest.mark.parametrize(
    ("action", "who"),
    [(counter.create_order, "a till"), (drivers.send_late_reports, "a driver's phone")],
)
def test_what_is_sent_twice_is_done_once(
    system: DemoSystem, action: simulation.Action, who: str
) -> None:
    before = Order.objects.count()
    system.servers = DemoServers(
        system.web.url, system.twilio.url, system.said.append, AlwaysRepeats()
    )
    said = system.act(action)
    assert said is not None
    assert set(system.said) == {
        f"Golden Gate Cleaners: {who} did not hear the answer and sent it again; it was done once"
    }
    created = [one for one in system.arrived() if one.get("event") == "Order Created"]
    assert len(created) == Order.objects.count() - before > 0


def test_what_happens_at_a_business_that_is_switched_off_reaches_nobody(system: DemoSystem) -> None:
    for action in dict(simulation.ACTION_COUNTS):
        system.act(action, OFF)
    assert ApiKey.objects.filter(business__name=OFF.name, last_used_at=None).count() == 0
    assert Order.objects.filter(
        business__name=OFF.name,
        status="returned",
        returned_at__gt=timezone.now() - timedelta(minutes=5),
    ).exists()
    assert PickupRequest.objects.filter(business__name=OFF.name, canceled_via="Text").exists()
    assert system.arrived() == []


def test_some_sign_up_on_the_website_of_a_brand(system: DemoSystem) -> None:
    for _ in range(8):
        system.act(website.sign_up)
    brands = Customer.objects.filter(
        created_at__gt=timezone.now() - timedelta(minutes=5)
    ).values_list("brand__name", flat=True)
    assert set(brands) >= {None, "Bay Laundry Club"}


def test_what_a_page_complains_of_is_told(system: DemoSystem) -> None:
    def mistype(business: RemoteBusiness, random: Random) -> str | None:
        customer = choose_customer(business, random)
        assert customer
        with business.servers.browser(random) as browser:
            home = browser.open(customer_link(customer))
            browser.send(
                browser.open(home.links["Change your details"]), {"email": "nobody", "phone": "12"}
            )
        return "saved"

    assert system.act(mistype) == (
        "refused: Enter an email address such as name@example.com. 12 is not a possible phone number. Enter it with its area code."
    )
    Customer.objects.update(link_version=2)
    assert str(system.act(website.change_address)).split(" moved to ")[1:], (
        "a new link opens the account"
    )
