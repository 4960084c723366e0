"""The demo's people at work: action after action, each business in turn, and each from outside, by way of the API, the pages or a text."""

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
    (website.answer_custom_field, 1),
    (owner.rename, 1),
)
"""How often each action lies in the actions of a business. Dealt to the end before it is shuffled again, so that each is seen soon.

As many orders are finished and handed out as come in, those that drivers bring included: else a demo of some days would drown in them."""

LIVELY_SECONDS: Final = 60.0
LIVELY_PACE: Final = 3.0
CALM_PACE: Final = 0.5
"""Actions per second: enough in the first minute for a newcomer to see every event, then what a busy evening looks like."""
DATABASE_RETRY_SECONDS: Final = 0.5
"""Between two looks whether the database is back."""


@dataclass(frozen=True, slots=True)
class Pacing:
    """`pace`: actions per second, or None for lively at first and calm later."""

    random: Random
    pace: float | None
    began: float

    def pause(self, now: float, took: float = 0.0) -> float:
        """Seconds to the next action, of which the last one `took` some: people do not act by the clock."""
        lively = now - self.began < LIVELY_SECONDS
        return max(
            self.random.expovariate(self.pace or (LIVELY_PACE if lively else CALM_PACE)) - took, 0.0
        )


def run(
    servers: DemoServers,
    seed: int | None = None,
    pace: float | None = None,
    actions: int | None = None,
) -> None:
    """For ever, or so many `actions`, those that were refused or found nothing to do included.

    The same `seed` means the same decisions, as far as the records are the same.
    """
    random = Random(seed)
    pacing = Pacing(random, pace, time.monotonic())
    shuffled = [shuffled_actions(random) for _ in BUSINESSES]
    took = 0.0
    for number, (demo, actions_of_business) in enumerate(
        cycle(zip(BUSINESSES, shuffled, strict=True))
    ):
        if number == actions:
            return
        time.sleep(pacing.pause(time.monotonic(), took))
        began = time.monotonic()
        if done := run_action(next(actions_of_business), demo, servers, random):
            servers.write_line(f"{demo.name}: {done}")
        took = time.monotonic() - began


def shuffled_actions(random: Random) -> Iterator[Action]:
    actions = [action for action, count in ACTION_COUNTS for _ in range(count)]
    while True:
        random.shuffle(actions)
        yield from actions


def run_action(
    action: Action, demo: DemoBusiness, servers: DemoServers, random: Random
) -> str | None:
    """Do it, and answer with what came of it, if anything. A database that is away is waited for; then the action is left out."""
    try:
        business = demo.find()
        return action(RemoteBusiness.create(demo, business, servers), random) if business else None
    except Refused as refusal:
        return f"refused: {refusal}"
    except RecordGone:
        return "a record was deleted in the meantime"
    except UnexpectedResponse as answer:
        return str(answer)
    except Error as error:
        _wait_for_database(servers.write_line)
        return f"the database could not ({type(error).__name__})"
    except Exception as error:  # noqa: BLE001 - this one action went wrong, and `make run` goes on for hours
        return f"this went wrong: {type(error).__name__} in {action.__name__}"


def _wait_for_database(write_line: WriteLine) -> None:
    away = False
    while not _database_answers():
        if not away:
            write_line("The database does not answer; waiting for it.")
        away = True
        time.sleep(DATABASE_RETRY_SECONDS)


def _database_answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True
