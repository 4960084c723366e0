"""Chores never hold more than one process of a worker, so a live event leaves meanwhile."""

import json
import math
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from redis import Redis

from customers.budget import Budget
from customers.models import Customer
from events import wake
from events.models import Integration, Outgoing, TaskRun
from smrt_integration import tasks
from smrt_integration.celery import app
from smrt_integration.chores import MAX_CHORES, Chore, ChoreTurn, chore_turn
from tests.customers.contention import count_waiting, hold_locks
from tests.events.conftest import business, customer, integration
from tests.factories import OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until

__all__ = ["business", "customer", "integration"]

A, B, C = "chores.a", "chores.b", "chores.c"


@pytest.fixture
def three() -> ChoreTurn:
    """A turn for three chores."""
    created = ChoreTurn()
    for name in (A, B, C):
        created.register(name)
    return created


def test_every_task_but_deliver_is_a_chore() -> None:
    ours = [task for task in current_app.tasks.values() if task.name.startswith("smrt_")]
    assert [task.name for task in ours if not isinstance(task, Chore)] == [tasks.deliver.name]


class TestTurn:
    def test_another_process_has_it_until_it_ends(self, three: ChoreTurn) -> None:
        holds, told = os.pipe()
        child = os.fork()
        if not child:
            with three.taken() as is_ours:
                os.write(told, b"1" if is_ours else b"0")
                signal.pause()
        assert os.read(holds, 1) == b"1"
        with three.taken() as is_ours:
            assert not is_ours
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with three.taken() as is_ours:
            assert is_ours

    def test_a_thread_has_it_alone(self, three: ChoreTurn) -> None:
        with three.taken() as first, three.taken() as second:
            assert (first, second) == (True, False)
        with three.taken() as again:
            assert again

    def test_what_a_child_notes_is_next_for_another(self, three: ChoreTurn) -> None:
        child = os.fork()
        if not child:
            three.note(A)
            three.note(C)
            os._exit(0)
        os.waitpid(child, 0)
        assert three.next_after(A) == C
        assert three.next_after(C) == A
        assert three.next_after(A) is None

    def test_one_that_waits_alone_is_next_after_itself(self, three: ChoreTurn) -> None:
        three.note(B)
        assert three.next_after(B) == B

    def test_there_is_room_for_all(self, three: ChoreTurn) -> None:
        for number in range(MAX_CHORES - 3):
            three.register(f"chore {number}")
        three.register(A)
        with pytest.raises(ValueError, match="MAX_CHORES"):
            three.register("one more")


@pytest.mark.slow
def test_a_live_event_leaves_while_chores_hang(
    start_worker: Callable[..., Worker],
    segment: SegmentStandIn,
    customer: Customer,
    integration: Integration,
) -> None:
    start_worker(concurrency=2)
    with hold_locks("LOCK TABLE events_traitchange, customers_nightlytext, events_alert"):
        for chore in (tasks.fan_out_trait_changes, tasks.send_texts, tasks.alert_owners):
            chore.delay()
        wait_until(count_waiting, "a chore hangs")
        order = OrderFactory.create(customer=customer)

        wait_until(lambda: not Outgoing.objects.exists(), "the order's events are accepted")
        assert segment.messages()[-1].message["properties"]["order_id"] == order.number
        assert count_waiting() == 1
    wait_until(
        lambda: (
            {tasks.fan_out_trait_changes.name, tasks.send_texts.name, tasks.alert_owners.name}
            <= {*runs()}
        ),
        "all chores are done after all",
    )


def runs() -> dict[str, int]:
    """Return the number of the latest run of each task that began. Later runs have larger ones."""
    return dict(TaskRun.objects.values_list("task", "number"))


@app.task(base=Chore, name="tests.a_long_chore")
def a_long_chore(budget: Budget) -> None:
    """Work as long as there is time, and then have more to do."""
    while not budget.is_spent():
        time.sleep(0.1)


def published() -> list[str]:
    """Return the tasks that wait in the broker, oldest first."""
    messages: Any = Redis.from_url(settings.CELERY_BROKER_URL).lrange("celery", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in reversed(messages)]


@pytest.mark.django_db
class TestLongChore:
    def test_goes_to_the_end_of_the_queue(self) -> None:
        a_long_chore()
        assert published() == [a_long_chore.name]

    def test_lets_those_that_wait_go_first(self) -> None:
        chore_turn.note(tasks.send_texts.name)
        a_long_chore()
        assert published() == [tasks.send_texts.name]
        # The long one waits for the end of the other, which publishes it.
        tasks.send_texts()
        assert published() == [tasks.send_texts.name, a_long_chore.name]

    def test_waits_for_the_next_tick_while_the_broker_is_away(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wake, "_paused_until", math.inf)
        a_long_chore()
        assert published() == []
        monkeypatch.undo()
        tasks.send_texts()
        assert published() == [a_long_chore.name]
