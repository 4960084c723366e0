"""The simulated people do everything that makes an event, and nothing that happens to the records stops them."""

import re
from collections.abc import Mapping
from random import Random

import pytest
from django.db import transaction
from django.utils import timezone

from customers.models import Agent, Business, Customer, Employee, Order, Stop
from events.catalogue import CUSTOMER_BIRTHDAY, CUSTOMER_LOST, EVENT_NAMES
from events.models import Outgoing, TraitChange
from smrt_integration.dev.demo import counter, drivers, office, simulation, website
from smrt_integration.dev.demo.businesses import BUSINESSES
from smrt_integration.dev.demo.past import DRIFTING
from smrt_integration.dev.demo.whom import STILL_HERE

AT_ONCE = 1e6
US, EU, OFF = BUSINESSES
FROM_SWEEPS = {CUSTOMER_LOST, CUSTOMER_BIRTHDAY}


def a_deck_each() -> int:
    return len(BUSINESSES) * sum(count for _, count in simulation.CARDS)


def test_every_event_happens_before_a_deck_is_dealt_out(businesses: Mapping[str, Business]) -> None:
    said: list[str] = []
    simulation.run(said.append, 1, AT_ONCE, a_deck_each())
    for name in (US.name, EU.name):
        events = set(Outgoing.objects.filter(business=businesses[name]).values_list("event", flat=True))
        assert events == EVENT_NAMES - FROM_SWEEPS | {"identify"}, name
        assert TraitChange.objects.filter(business=businesses[name]).exists(), "nothing was renamed"
    assert not Outgoing.objects.filter(business=businesses[OFF.name]).exists()
    assert {line.split(":")[0] for line in said} == {demo.name for demo in BUSINESSES}
    assert [line for line in said if "database" in line] == []


def test_the_same_seed_means_the_same_decisions(businesses: Mapping[str, Business]) -> None:
    assert decisions(7) == decisions(7)
    assert decisions(7) != decisions(8)


def decisions(seed: int) -> list[str]:
    """From the same records each time; the orders' numbers are random."""
    said: list[str] = []
    with transaction.atomic():
        simulation.run(said.append, seed, AT_ONCE, 60)
        transaction.set_rollback(True)
    return [re.sub(r"order \w{8}", "an order", line) for line in said]


def test_a_refusal_is_said_and_changes_nothing(businesses: Mapping[str, Business]) -> None:
    Customer.objects.update(delivery_preference="Route Regular")
    said = simulation.act(website.request_regular_pickups, US, Random(1), print)
    assert said == "refused: This customer is on a regular route already."
    assert Outgoing.objects.count() == 0


@pytest.mark.parametrize("action", [counter.finish, counter.hand_out, counter.hand_out_one_item, drivers.deliver])
def test_without_orders_there_is_nothing_to_do(businesses: Mapping[str, Business], action: simulation.Action) -> None:
    Order.objects.update(status="returned")
    assert simulation.act(action, US, Random(1), print) is None


def test_a_business_without_staff_stores_or_routes_goes_on(businesses: Mapping[str, Business]) -> None:
    Order.objects.update(agent=None, sold_by=None, returned_by=None)
    Customer.objects.update(agent=None)
    Employee.objects.all().delete()
    Agent.objects.all().delete()
    assert simulation.act(office.rename, EU, Random(1), print) is None
    said = simulation.act(drivers.pick_up, EU, Random(1), print)
    assert said is not None
    assert "picked up order" in said
    assert Stop.objects.get().driver is None
    simulation.run(lambda line: None, 1, AT_ONCE, a_deck_each())
    assert Outgoing.objects.filter(event="Order Returned").exists()


@pytest.mark.django_db
def test_without_the_demo_nobody_acts() -> None:
    said: list[str] = []
    simulation.run(said.append, 1, AT_ONCE, 30)
    assert said == []
    assert Customer.objects.count() == 0


def test_those_who_stayed_away_for_long_are_left_alone(businesses: Mapping[str, Business]) -> None:
    """Or else nobody would be lost in a demo that runs for days."""
    away = Customer.objects.filter(last_visit__lt=timezone.now() - STILL_HERE).order_by("pk")
    before = list(away.values_list())
    assert len(before) == 3 * len(DRIFTING)
    simulation.run(lambda line: None, 3, AT_ONCE, 90)
    assert list(away.values_list()) == before


def test_a_minute_is_lively_and_then_it_is_calm() -> None:
    def pause(now: float, pace: float | None = None) -> float:
        return simulation.Rhythm(Random(5), pace, began=100.0).pause(now)

    assert pause(160.0) == pytest.approx(6 * pause(159.9))
    assert pause(100.0, pace=2.0) == pause(500.0, pace=2.0) == pytest.approx(pause(159.9) * 3 / 2)
