"""The simulated people do everything that makes an event, and nothing that happens to the records or servers stops them."""

import re
from random import Random

import pytest
from django.core.management import call_command
from django.utils import timezone

from customers.models import Agent, Customer, CustomField, Employee, Order, Stop
from devtools.demo import counter, drivers, owner, simulation, website
from devtools.demo.api_keys import create_keys
from devtools.demo.businesses import BUSINESSES
from devtools.demo.choices import ACTIVE_WITHIN
from devtools.demo.past_records import NEARLY_LOST
from devtools.demo.remote_business import RemoteBusiness
from events.catalogue import EVENT_NAMES
from events.models import Outgoing, TraitChange
from smrt_integration.api.models import ApiKey
from tests.devtools.demo.conftest import DemoSystem

AT_ONCE = 1e6
US, EU, OFF = BUSINESSES
FROM_SWEEPS = {"Customer Lost", "Customer Birthday"}
WENT_WRONG = ("went wrong", "answered 5", "database", "twice", "no field", "broke off")


def a_deck_each() -> int:
    return len(BUSINESSES) * sum(count for _, count in simulation.ACTION_COUNTS)


@pytest.mark.slow
def test_every_event_happens_before_a_deck_is_dealt_out(system: DemoSystem) -> None:
    simulation.run(system.servers, 1, AT_ONCE, a_deck_each())
    for demo in (US, EU):
        events = set(
            Outgoing.objects.filter(business__name=demo.name).values_list("event", flat=True)
        )
        assert events == EVENT_NAMES - FROM_SWEEPS | {"identify"}, demo.name
        assert TraitChange.objects.filter(business__name=demo.name).exists(), "nothing was renamed"
        canceled = Outgoing.objects.filter(
            business__name=demo.name, event="Customer Canceled Pickup"
        )
        assert {facts["canceled_via"] for facts in canceled.values_list("facts", flat=True)} == {
            "Website",
            "Text",
        }
    assert not Outgoing.objects.filter(business__name=OFF.name).exists()
    assert {line.split(":")[0] for line in system.said} == {demo.name for demo in BUSINESSES}
    assert [line for line in system.said if any(words in line for words in WENT_WRONG)] == []


@pytest.mark.slow
def test_the_same_seed_means_the_same_decisions(system: DemoSystem) -> None:
    first = decisions(system, 7)
    call_command("flush", interactive=False, verbosity=0)
    system.create()
    assert decisions(system, 7) == first
    assert decisions(system, 8) != first


def decisions(system: DemoSystem, seed: int) -> list[str]:
    """The orders' numbers are random."""
    system.said.clear()
    simulation.run(system.servers, seed, AT_ONCE, 45)
    return [re.sub(r"order \w{8}", "an order", line) for line in system.said]


def test_a_refusal_is_said_and_changes_nothing(system: DemoSystem) -> None:
    Customer.objects.update(delivery_preference="Route Regular")
    said = system.act(website.request_regular_pickups)
    assert (
        said == "refused: Our van comes to you regularly. You do not have to schedule each pickup."
    )
    Stop.objects.bulk_create(
        [
            _pending_stop_with_order(customer)
            for customer in Customer.objects.filter(business__name=US.name)
        ]
    )
    for stop in Stop.objects.select_related("customer__business"):
        Order.create(stop.customer, stop=stop)
    Outgoing.objects.all().delete()
    assert (
        system.act(drivers.miss_stop)
        == "refused: Orders were created at this stop, so it was not missed."
    )
    assert Outgoing.objects.count() == 0


def _pending_stop_with_order(customer: Customer) -> Stop:
    return Stop(
        business=customer.business, customer=customer, scheduled_for=customer.business.today()
    )


def test_a_key_that_was_revoked_is_refused_and_the_others_go_on(system: DemoSystem) -> None:
    key = ApiKey.objects.get(business__name=US.name, name="Tills")
    key.revoke(timezone.now())
    assert str(system.act(counter.sign_up)).startswith(
        "refused: This key is unknown or was revoked."
    )
    assert str(system.act(website.sign_up, EU)).endswith("signed up on the website")
    create_keys()
    assert str(system.act(counter.sign_up)).startswith("refused: "), (
        "it is a key's owner who decides"
    )


@pytest.mark.parametrize(
    "action", [counter.mark_ready, counter.return_order, counter.return_one_item, drivers.deliver]
)
def test_without_orders_there_is_nothing_to_do(
    system: DemoSystem, action: simulation.Action
) -> None:
    Order.objects.update(status="returned")
    assert system.act(action) is None


def test_an_action_that_fails_is_told_and_is_not_the_end(system: DemoSystem) -> None:
    def stumble(business: RemoteBusiness, random: Random) -> str | None:
        raise KeyError(business.name)

    def look_for_nobody(business: RemoteBusiness, random: Random) -> str | None:
        return str(business.till.get(f"customers/{business.uuid}"))

    assert system.act(stumble) == "this went wrong: KeyError in stumble"
    assert system.act(look_for_nobody) == "a record was deleted in the meantime"


def test_a_business_without_staff_stores_or_routes_goes_on(system: DemoSystem) -> None:
    Order.objects.update(agent=None, sold_by=None, returned_by=None)
    Customer.objects.update(agent=None)
    Employee.objects.all().delete()
    Agent.objects.all().delete()
    CustomField.objects.filter(kind="TEXT").delete()
    assert system.act(owner.rename, EU) is None
    assert system.act(website.answer_custom_field, EU) is None
    said = system.act(drivers.pick_up, EU)
    assert said is not None
    assert said.startswith("a driver picked up order")
    assert Stop.objects.get().driver is None
    for action in (
        counter.create_order,
        counter.return_order,
        counter.sign_up,
        drivers.send_late_reports,
    ):
        assert "refused" not in str(system.act(action, EU))
    assert Outgoing.objects.filter(event="Order Returned").exists()


def test_without_the_demo_nobody_acts(empty_system: DemoSystem) -> None:
    simulation.run(empty_system.servers, 1, AT_ONCE, 30)
    assert empty_system.said == []
    assert Customer.objects.count() == 0


@pytest.mark.slow
def test_those_who_stayed_away_for_long_are_left_alone(system: DemoSystem) -> None:
    """Or else nobody would be lost in a demo that runs for days."""
    away = Customer.objects.filter(last_visit__lt=timezone.now() - ACTIVE_WITHIN).order_by("pk")
    # but for those who answer a text, which proves that their phone is a mobile one, and may end the texts
    fields = [
        field.name
        for field in Customer._meta.fields
        if field.name not in {"text_answered_at", "receive_texts"}
    ]
    before = list(away.values_list(*fields))
    assert len(before) == 3 * len(NEARLY_LOST)
    simulation.run(system.servers, 3, AT_ONCE, 90)
    assert list(away.values_list(*fields)) == before


def test_a_minute_is_lively_and_then_it_is_calm() -> None:
    def pause(now: float, pace: float | None = None, took: float = 0.0) -> float:
        return simulation.Pacing(Random(5), pace, began=100.0).pause(now, took)

    assert pause(160.0) == pytest.approx(6 * pause(159.9))
    assert pause(100.0, pace=2.0) == pause(500.0, pace=2.0) == pytest.approx(pause(159.9) * 3 / 2)
    # what an action takes is not added to the pause
    assert pause(160.0, took=0.1) == pytest.approx(pause(160.0) - 0.1)
    assert pause(160.0, took=600.0) == 0
