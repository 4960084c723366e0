"""The simulation causes every event, and no change of the records or failure stops it."""

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
ASKED_TO_WAIT = "The web server asks us to wait"
FROM_SWEEPS = {"Customer Lost", "Customer Birthday"}
FAILURES = ("failed:", "answered 5", "database", "twice", "no field", "closed the connection")


def actions_in_a_cycle() -> int:
    return len(BUSINESSES) * sum(count for _, count in simulation.ACTION_COUNTS)


@pytest.mark.slow
def test_every_event_occurs_within_one_cycle(system: DemoSystem) -> None:
    simulation.run(system.servers, 1, AT_ONCE, actions_in_a_cycle())
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
    # On a busy machine a call may have to wait for its turn; the demo says so and goes on.
    told = [line for line in system.lines if not line.startswith(ASKED_TO_WAIT)]
    assert {line.split(":")[0] for line in told} == {demo.name for demo in BUSINESSES}
    assert [line for line in system.lines if any(words in line for words in FAILURES)] == []


@pytest.mark.slow
def test_the_same_seed_means_the_same_decisions(system: DemoSystem) -> None:
    first = decisions(system, 7)
    call_command("flush", interactive=False, verbosity=0)
    system.create()
    assert decisions(system, 7) == first
    assert decisions(system, 8) != first


def decisions(system: DemoSystem, seed: int) -> list[str]:
    """Return the printed lines without order numbers, which are random.

    On a busy machine, a web server may ask to wait: that decides nothing.
    """
    system.lines.clear()
    simulation.run(system.servers, seed, AT_ONCE, 45)
    lines = [line for line in system.lines if "asks us to wait" not in line]
    return [re.sub(r"order \w{8}", "an order", line) for line in lines]


def test_a_refusal_is_printed_and_changes_nothing(system: DemoSystem) -> None:
    Customer.objects.update(delivery_preference="Route Regular")
    sentence = system.act(website.request_regular_pickups)
    assert (
        sentence
        == "refused: Our van comes to you regularly. You do not have to schedule each pickup."
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


def test_a_revoked_key_is_refused_and_the_others_work(system: DemoSystem) -> None:
    key = ApiKey.objects.get(business__name=US.name, name="Tills")
    key.revoke(timezone.now())
    assert str(system.act(counter.sign_up)).startswith(
        "refused: This key is unknown or was revoked."
    )
    assert str(system.act(website.sign_up, EU)).endswith("signed up on the website")
    create_keys()
    assert str(system.act(counter.sign_up)).startswith("refused: "), "a revoked key was replaced"


@pytest.mark.parametrize(
    "action", [counter.mark_ready, counter.return_order, counter.return_one_item, drivers.deliver]
)
def test_without_orders_there_is_nothing_to_do(
    system: DemoSystem, action: simulation.Action
) -> None:
    Order.objects.update(status="returned")
    assert system.act(action) is None


def test_a_failed_action_is_printed_and_the_simulation_continues(system: DemoSystem) -> None:
    def fail(business: RemoteBusiness, random: Random) -> str | None:
        raise KeyError(business.name)

    def read_missing_customer(business: RemoteBusiness, random: Random) -> str | None:
        return str(business.till.get(f"customers/{business.uuid}"))

    assert system.act(fail) == "failed: KeyError in fail"
    assert system.act(read_missing_customer) == "a record was deleted in the meantime"


def test_a_business_without_staff_stores_or_routes_works(system: DemoSystem) -> None:
    Order.objects.update(agent=None, sold_by=None, returned_by=None)
    Customer.objects.update(agent=None)
    Employee.objects.all().delete()
    Agent.objects.all().delete()
    CustomField.objects.filter(kind="TEXT").delete()
    assert system.act(owner.rename, EU) is None
    assert system.act(website.fill_in_custom_field, EU) is None
    sentence = system.act(drivers.pick_up, EU)
    assert sentence is not None
    assert sentence.startswith("a driver picked up order")
    assert Stop.objects.get().driver is None
    for action in (
        counter.create_order,
        counter.return_order,
        counter.sign_up,
        drivers.send_late_reports,
    ):
        assert "refused" not in str(system.act(action, EU))
    assert Outgoing.objects.filter(event="Order Returned").exists()


def test_without_the_demo_there_are_no_actions(empty_system: DemoSystem) -> None:
    simulation.run(empty_system.servers, 1, AT_ONCE, 30)
    assert empty_system.lines == []
    assert Customer.objects.count() == 0


@pytest.mark.slow
def test_customers_who_stayed_away_for_long_are_never_chosen(system: DemoSystem) -> None:
    """Otherwise nobody would be lost in a demo that runs for days."""
    away = Customer.objects.filter(last_visit__lt=timezone.now() - ACTIVE_WITHIN).order_by("pk")
    # Without the fields that a reply to a text changes.
    fields = [
        field.name
        for field in Customer._meta.fields
        if field.name not in {"text_answered_at", "receive_texts"}
    ]
    before = list(away.values_list(*fields))
    assert len(before) == 3 * len(NEARLY_LOST)
    simulation.run(system.servers, 3, AT_ONCE, 90)
    assert list(away.values_list(*fields)) == before


def test_the_first_minute_is_fast_and_then_it_is_slow() -> None:
    def pause(now: float, pace: float | None = None, took: float = 0.0) -> float:
        return simulation.Pacing(Random(5), pace, began=100.0).pause(now, took)

    assert pause(160.0) == pytest.approx(6 * pause(159.9))
    assert pause(100.0, pace=2.0) == pause(500.0, pace=2.0) == pytest.approx(pause(159.9) * 3 / 2)
    # The pause includes the duration of the last action.
    assert pause(160.0, took=0.1) == pytest.approx(pause(160.0) - 0.1)
    assert pause(160.0, took=600.0) == 0
