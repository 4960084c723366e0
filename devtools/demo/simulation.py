"""The demo's people at work: action after action, each business in turn, and each from outside, by way of the API, the pages or a text."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from random import Random
from typing import Final

from django.db import Error, connection

from devtools.demo import counter, drivers, office, phones, website
from devtools.demo.businesses import BUSINESSES, DemoBusiness
from devtools.demo.shop import Doors, Shop
from devtools.demo.wire import Gone, Refused, Say, Unexpected

Action = Callable[[Shop, Random], str | None]

CARDS: Final[tuple[tuple[Action, int], ...]] = (
    (counter.take_in, 5),
    (counter.finish, 10),
    (counter.hand_out, 6),
    (counter.hand_out_one_item, 2),
    (drivers.pick_up, 3),
    (drivers.deliver, 3),
    (drivers.find_nothing, 1),
    (drivers.report_late, 1),
    (counter.sign_up, 1),
    (website.sign_up, 1),
    (counter.schedule_pickup, 1),
    (website.schedule_pickup, 2),
    (website.cancel_pickup, 1),
    (phones.answer_no, 2),
    (phones.answer_yes, 1),
    (phones.ask, 1),
    (phones.stop, 1),
    (phones.start, 1),
    (counter.cancel_pickup, 1),
    (website.request_regular_pickups, 1),
    (counter.decide_regular_pickups, 1),
    (counter.change_account, 1),
    (website.change_email, 1),
    (website.change_phone, 1),
    (website.move, 1),
    (website.choose_messages, 1),
    (website.answer_question, 1),
    (office.rename, 1),
)
"""How often each action lies in the deck of a business. Dealt to the end before it is shuffled again, so that each is seen soon.

As many orders are finished and handed out as come in, those that drivers bring included: else a demo of some days would drown in them."""

LIVELY_SECONDS: Final = 60.0
LIVELY: Final = 3.0
CALM: Final = 0.5
"""Actions per second: enough in the first minute for a newcomer to see every event, then what a busy evening looks like."""
PATIENCE_SECONDS: Final = 0.5
"""Between two looks whether the database is back."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`pace`: actions per second, or None for lively at first and calm later."""

    random: Random
    pace: float | None
    began: float

    def pause(self, now: float, took: float = 0.0) -> float:
        """Seconds to the next action, of which the last one `took` some: people do not act by the clock."""
        lively = now - self.began < LIVELY_SECONDS
        return max(self.random.expovariate(self.pace or (LIVELY if lively else CALM)) - took, 0.0)


def run(
    doors: Doors, seed: int | None = None, pace: float | None = None, actions: int | None = None
) -> None:
    """For ever, or so many `actions`, those that were refused or found nothing to do included.

    The same `seed` means the same decisions, as far as the records are the same.
    """
    random = Random(seed)
    rhythm = Rhythm(random, pace, time.monotonic())
    dealt = [deal(random) for _ in BUSINESSES]
    took = 0.0
    for number, (demo, cards) in enumerate(cycle(zip(BUSINESSES, dealt, strict=True))):
        if number == actions:
            return
        time.sleep(rhythm.pause(time.monotonic(), took))
        began = time.monotonic()
        if done := act(next(cards), demo, doors, random):
            doors.say(f"{demo.name}: {done}")
        took = time.monotonic() - began


def deal(random: Random) -> Iterator[Action]:
    deck = [action for action, count in CARDS for _ in range(count)]
    while True:
        random.shuffle(deck)
        yield from deck


def act(action: Action, demo: DemoBusiness, doors: Doors, random: Random) -> str | None:
    """Do it, and answer with what came of it, if anything. A database that is away is waited for; then the action is left out."""
    try:
        business = demo.find()
        return action(Shop.of(demo, business, doors), random) if business else None
    except Refused as refusal:
        return f"refused: {refusal}"
    except Gone:
        return "a record was deleted in the meantime"
    except Unexpected as answer:
        return str(answer)
    except Error as error:
        _wait_for_database(doors.say)
        return f"the database could not ({type(error).__name__})"
    except Exception as error:  # noqa: BLE001 - this one action went wrong, and `make run` goes on for hours
        return f"this went wrong: {type(error).__name__} in {action.__name__}"


def _wait_for_database(say: Say) -> None:
    away = False
    while not _database_answers():
        if not away:
            say("The database does not answer; waiting for it.")
        away = True
        time.sleep(PATIENCE_SECONDS)


def _database_answers() -> bool:
    connection.close()
    try:
        connection.ensure_connection()
    except Error:
        return False
    return True
