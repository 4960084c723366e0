"""Simulate the people of the demo: one action after another, through API, pages and texts."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

from django.db import Error, connection

from devtools.demo import counter, drivers, owner, replies, website
from devtools.demo.businesses import BUSINESSES, DemoBusiness
from devtools.demo.http_client import RecordGone, Refused, UnexpectedResponse, WriteLine
from devtools.demo.remote_business import DemoServers, RemoteBusiness

Action = Callable[[RemoteBusiness, Random], str | None]

ACTION_COUNTS: Final[tuple[tuple[Action, int], ...]] = (
    (counter.create_order, 5),
    (counter.mark_ready, 10),
    (counter.return_order, 6),
    (counter.return_one_item, 2),
    (drivers.pick_up, 3),
    (drivers.deliver, 3),
    (drivers.miss_stop, 1),
    (drivers.send_late_reports, 1),
    (counter.sign_up, 1),
    (website.sign_up, 1),
    (counter.schedule_pickup, 1),
    (website.schedule_pickup, 2),
    (website.cancel_pickup, 1),
    (replies.reply_no, 2),
    (replies.reply_yes, 1),
    (replies.reply_with_question, 1),
    (replies.reply_stop, 1),
    (replies.reply_start, 1),
    (counter.cancel_pickup, 1),
    (website.request_regular_pickups, 1),
    (counter.decide_regular_pickup_request, 1),
    (counter.change_account, 1),
    (website.change_email, 1),
    (website.change_phone, 1),
    (website.change_address, 1),
    (website.change_message_settings, 1),
    (website.fill_in_custom_field, 1),
    (owner.rename, 1),
)
"""How often each action occurs in a cycle. All of them run before the next cycle is shuffled.

As many orders are returned as created, by counter and drivers together: otherwise the open orders
would grow without limit.
"""

LIVELY_SECONDS: Final = 60.0
LIVELY_PACE: Final = 3.0
CALM_PACE: Final = 0.5
"""Actions per second: in the first minute every event occurs, then as on a busy evening."""
DATABASE_RETRY_SECONDS: Final = 0.5
"""Seconds between two attempts to reach the database."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """The pauses between actions. `pace`: actions per second, or None for fast, then slow."""

    random: Random
    pace: float | None
    began: float

    def pause(self, now: float, took: float = 0.0) -> float:
        """Return a random pause in seconds. It includes the `took` seconds of the last action."""
        is_lively = now - self.began < LIVELY_SECONDS
        pace = self.pace or (LIVELY_PACE if is_lively else CALM_PACE)
        return max(self.random.expovariate(pace) - took, 0.0)


def run(
    servers: DemoServers,
    seed: int | None = None,
    pace: float | None = None,
    actions: int | None = None,
) -> None:
    """Run for ever, or for so many `actions`, including those that were refused or impossible.

    The same `seed` means the same decisions, as far as the records are the same.
    """
    random = Random(seed)
    pacing = Pacing(random, pace, time.monotonic())
    turns = [(demo, shuffled_actions(random)) for demo in BUSINESSES]
    took = 0.0
    for number, (demo, actions_of_business) in enumerate(cycle(turns)):
        if number == actions:
            return
        time.sleep(pacing.pause(time.monotonic(), took))
        began = time.monotonic()
        if result := run_action(next(actions_of_business), demo, servers, random):
            servers.write_line(f"{demo.name}: {result}")
        took = time.monotonic() - began


def shuffled_actions(random: Random) -> Iterator[Action]:
    actions = [action for action, count in ACTION_COUNTS for _ in range(count)]
    while True:
        random.shuffle(actions)
        yield from actions


def run_action(
    action: Action, demo: DemoBusiness, servers: DemoServers, random: Random
) -> str | None:
    """Run an action. Returns a sentence about its result, if any.

    Waits for a database that is away, and then skips the action.
    """
    try:
        business = demo.find()
        return action(RemoteBusiness.create(demo, business, servers), random) if business else None
    except Refused as refusal:
        return f"refused: {refusal}"
    except RecordGone:
        return "a record was deleted in the meantime"
    except UnexpectedResponse as error:
        return str(error)
    except Error as error:
        _wait_for_database(servers.write_line)
        return f"database error ({type(error).__name__})"
    except Exception as error:  # noqa: BLE001 - one failed action must not end `make run`
        return f"failed: {type(error).__name__} in {action.__name__}"


def _wait_for_database(write_line: WriteLine) -> None:
    away = False
    while not _database_answers():
        if not away:
            write_line("The database does not answer. Waiting for it.")
        away = True
        time.sleep(DATABASE_RETRY_SECONDS)


def _database_answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True
