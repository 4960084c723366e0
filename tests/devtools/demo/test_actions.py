"""Each simulated action works from outside, and its event arrives with the right source."""

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
ExpectedEvent = tuple[simulation.Action, str, Mapping[str, Any]]


def assert_events(system: DemoSystem, steps: list[ExpectedEvent]) -> None:
    """Assert that each action causes the event, with these among its properties."""
    for action, event, expected in steps:
        assert system.act(action), action.__name__
        arrived = system.events()
        assert event in arrived, (action.__name__, arrived)
        assert expected.items() <= arrived[event].items(), action.__name__


def test_actions_at_the_till_cause_their_events(system: DemoSystem) -> None:
    assert_events(
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


def test_some_actions_at_the_till_cause_no_event(system: DemoSystem) -> None:
    assert "an employee canceled the pickup at " in str(system.act(counter.cancel_pickup))
    assert PickupRequest.objects.get(canceled_via="Employee").status == "canceled"
    assert "Customer Canceled Pickup" not in system.events()

    with_address = Customer.objects.filter(business__name=US.name).exclude(street="")
    with_address.exclude(delivery_preference="Route Regular")[0].request_regular_pickups()
    assert system.act(counter.decide_regular_pickup_request)
    assert RegularPickupRequest.objects.get().status in {"approved", "declined"}
    assert system.posts("pos") == 2


def test_account_changes_and_renames_change_traits(system: DemoSystem) -> None:
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
        assert " is now called " in str(system.act(owner.rename))


def test_actions_of_drivers_cause_their_events(system: DemoSystem) -> None:
    assert_events(
        system,
        [
            (drivers.pick_up, "Pickup Completed", {"had_pickup": True, "total_pickups": 1}),
            (drivers.deliver, "Pickup Completed", {"had_delivery": True, "had_pickup": False}),
            (drivers.miss_stop, "Pickup Missed", {}),
        ],
    )
    # A stop and its result for each outcome, and one order.
    assert system.posts("app") == 7
    assert (system.posts("pos"), system.posts("website")) == (0, 0)


def test_late_reports_have_the_time_of_the_stop(system: DemoSystem) -> None:
    assert (
        system.act(drivers.send_late_reports)
        == "Sam Becker had no network and has now reported 3 earlier stops"
    )
    stops = {
        one["event"]: one for one in system.arrived() if one.get("event", "").startswith("Pickup ")
    }
    assert stops
    ages = [timezone.now() - datetime.fromisoformat(one["timestamp"]) for one in stops.values()]
    assert all(timedelta(minutes=6) <= age < timedelta(minutes=20) for age in ages)


def test_actions_of_customers_on_their_pages_cause_their_events(system: DemoSystem) -> None:
    assert_events(
        system,
        [
            (website.sign_up, "New Customer Signup", {"source": "Website"}),
            (website.schedule_pickup, "Pickup Scheduled", {"scheduled_by": "Customer"}),
            (website.cancel_pickup, "Customer Canceled Pickup", {"canceled_via": "Website"}),
            (website.request_regular_pickups, "Customer Requested Regular Pickups", {}),
            (website.change_email, "identify", {}),
            (website.change_phone, "identify", {}),
            (website.change_address, "identify", {}),
            (website.fill_in_custom_field, "identify", {}),
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


def test_customers_change_their_message_settings(system: DemoSystem) -> None:
    def choices() -> list[tuple[bool, bool]]:
        return list(Customer.objects.order_by("pk").values_list("receive_emails", "receive_texts"))

    before = choices()
    while choices() == before:
        assert " chose to get " in str(system.act(website.change_message_settings))
    changed = [pair for pair, was in zip(choices(), before, strict=True) if pair != was]
    traits = system.events()["identify"]
    assert changed == [(traits["receiveEmails"], traits["receiveTexts"])]
    assert set(system.requests()) == {"/account/messages"}


def test_many_customers_can_sign_up_within_an_hour(system: DemoSystem) -> None:
    """Each has an IP address of its own: the page accepts 20 sign-ups per address."""
    sentences = [system.act(website.sign_up, EU) for _ in range(22)]
    assert [line for line in sentences if not str(line).endswith("signed up on the website")] == []


def test_the_reply_no_cancels_and_gets_an_automatic_reply(system: DemoSystem) -> None:
    sentence = str(system.act(replies.reply_no))
    assert sentence.endswith(" replied No to the nightly text")
    assert system.events()["Customer Canceled Pickup"]["canceled_via"] == "Text"
    reply = IncomingText.objects.get()
    assert (reply.outcome, str(reply.customer)) == (
        "canceled",
        sentence.removesuffix(" replied No to the nightly text"),
    )
    assert system.twilio.texts()[-1].body == reply.reply
    assert system.requests() == ["/texts/incoming"]


def test_other_replies_cancel_nothing(system: DemoSystem) -> None:
    for action in (replies.reply_yes, replies.reply_with_question):
        assert system.act(action, EU)
    assert set(IncomingText.objects.values_list("outcome", flat=True)) == {"asked", "noted"}
    assert set(PickupRequest.objects.values_list("status", flat=True)) == {"scheduled"}


def test_stop_opts_out_and_start_opts_in_again(system: DemoSystem) -> None:
    assert system.act(replies.reply_start) is None
    assert str(system.act(replies.reply_stop)).endswith(" wants no more texts")
    assert system.events()["identify"]["receiveTexts"] is False
    assert str(system.act(replies.reply_start)).endswith(" wants texts again")
    assert system.events()["identify"]["receiveTexts"] is True


def test_each_text_gets_at_most_one_reply(system: DemoSystem) -> None:
    sent = NightlyText.objects.filter(business__name=US.name).count()
    assert sent == 4
    assert [system.act(replies.reply_yes) is not None for _ in range(sent + 1)] == [True] * sent + [
        False
    ]
    assert IncomingText.objects.count() == sent


def test_a_restarted_stand_in_gets_the_earlier_replies(system: DemoSystem) -> None:
    system.act(replies.reply_no)
    before = system.twilio.texts()
    system.twilio.reset()
    assert stand_ins.remember_texts(system.twilio.url)
    assert sorted(system.twilio.texts()) == sorted(before)
    results = [system.act(replies.reply_yes) for _ in range(4)]
    assert results.count(None) == 1


@pytest.mark.parametrize(
    ("action", "who"),
    [(counter.create_order, "a till"), (drivers.send_late_reports, "a driver's phone")],
)
def test_a_repeated_request_is_executed_once(
    system: DemoSystem, action: simulation.Action, who: str
) -> None:
    before = Order.objects.count()
    system.servers = DemoServers(
        system.web.url, system.twilio.url, system.lines.append, AlwaysRepeats()
    )
    sentence = system.act(action)
    assert sentence is not None
    expected = f"{who} got no response and repeated the request; it was executed once"
    assert set(system.lines) == {f"Golden Gate Cleaners: {expected}"}
    created = [one for one in system.arrived() if one.get("event") == "Order Created"]
    assert len(created) == Order.objects.count() - before > 0


def test_nothing_is_sent_for_a_business_that_is_switched_off(system: DemoSystem) -> None:
    # First, while no driver has completed the pickup of whoever replies.
    system.act(replies.reply_no, OFF)
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


def test_some_customers_sign_up_on_the_website_of_a_brand(system: DemoSystem) -> None:
    for _ in range(8):
        system.act(website.sign_up)
    brands = Customer.objects.filter(
        created_at__gt=timezone.now() - timedelta(minutes=5)
    ).values_list("brand__name", flat=True)
    assert set(brands) >= {None, "Bay Laundry Club"}


def test_the_errors_of_a_page_are_printed(system: DemoSystem) -> None:
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
        "refused: Enter an email address such as name@example.com. "
        "12 is not a possible phone number. Enter it with its area code."
    )
    Customer.objects.update(link_version=2)
    assert str(system.act(website.change_address)).split(" moved to ")[1:], (
        "a new link opens the account"
    )
