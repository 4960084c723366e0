"""`python -m chaos.writer`: do business actions at a steady rate until SIGTERM.

Each line of its output is JSON: what was done when, and what came of it. `--api` acts by the API,
otherwise by model methods. The writer by API also does the owners' part.
"""

import argparse
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from chaos.programs import STARTS

OWNER_SECONDS: Final = 2.0
"""How often owners look whether their lane is halted. Real ones are slower."""


class Writer:
    """`act` does one random action, and says in `doing` which and where."""

    def __init__(self, rate: float, act: "Act", explain: Callable[[Exception], str]) -> None:
        self.doing = ""
        self._pause = 1 / rate
        self._act = act
        self._explain = explain
        self.stopping = False

    def run(self) -> None:
        due = time.monotonic()
        while not self.stopping:
            started, outcome = datetime.now(UTC), "done"
            self.doing = "starts"
            try:
                self._act(self)
            except Exception as error:  # noqa: BLE001 - what may happen is told apart afterwards
                outcome = self._explain(error)
            line = {"at": started.isoformat(), "action": self.doing, "outcome": outcome}
            print(json.dumps(line), flush=True)
            due = max(due + self._pause, time.monotonic())
            while time.monotonic() < due and not self.stopping:
                time.sleep(min(0.05, max(0.0, due - time.monotonic())))


Act = Callable[[Writer], None]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--api", default="", help="the address of the web server")
    arguments = parser.parse_args()
    # a writer that was killed and started again does other things than before
    random = Random(f"{arguments.seed} {os.environ[STARTS]}")
    businesses = json.loads(os.environ["CHAOS_BUSINESSES"])
    if arguments.api:
        writer = Writer(arguments.rate, api_action(arguments.api, businesses, random), explain_api)
    else:
        writer = Writer(arguments.rate, model_action(businesses, random), explain_model)

    def stop(_number: int, _frame: object) -> None:
        writer.stopping = True

    signal.signal(signal.SIGTERM, stop)
    writer.run()


def model_action(businesses: list[dict[str, Any]], random: Random) -> Act:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")
    import django

    django.setup()
    from chaos.model_actions import ACTIONS, Shop
    from customers.models import Business

    ids = [business["id"] for business in businesses]
    shops: list[Shop] = []

    def act(writer: Writer) -> None:
        # here and not before: PostgreSQL may be away while the writer starts
        shops.extend(
            [] if shops else [Shop(b, random) for b in Business.objects.filter(pk__in=ids)]
        )
        _do_one(writer, ACTIONS, shops, random)

    return act


def api_action(url: str, businesses: list[dict[str, Any]], random: Random) -> Act:
    from chaos.api_actions import API_ACTIONS, ApiShop

    shops = [
        ApiShop(
            url, business["name"], business["secrets"] | {"owner": business["owner_key"]}, random
        )
        for business in businesses
    ]
    owners = _act_as_owners(shops)

    def act(writer: Writer) -> None:
        next(owners)
        _do_one(writer, API_ACTIONS, shops, random)

    return act


def _act_as_owners(shops: list[Any]) -> Iterator[None]:
    """Save the settings of each business every few seconds, which resumes a halted lane."""
    from chaos.api_actions import CallRefused

    while True:
        next_time = time.monotonic() + OWNER_SECONDS
        for shop in shops:
            with suppress(CallRefused):
                shop.patch("owner", "integration")
        while time.monotonic() < next_time:
            yield


def _do_one(
    writer: Writer,
    actions: Mapping[Callable[[Any], object], int],
    shops: list[Any],
    random: Random,
) -> None:
    (action,) = random.choices(list(actions), list(actions.values()))
    shop = random.choice(shops)
    writer.doing = f"{action.__name__} at {shop.name}"
    action(shop)


def explain_model(error: Exception) -> str:
    """Return what came of an action that raised. "unexpected" is what must not happen."""
    from django.db import DatabaseError, InterfaceError, connection

    from chaos.model_actions import RolledBack
    from customers.errors import ActionRefused

    if isinstance(error, RolledBack):
        return "rolled back"
    if isinstance(error, ActionRefused):
        return f"refused: {error.code}"
    if isinstance(error, DatabaseError | InterfaceError):
        state = getattr(error.__cause__, "sqlstate", None)
        with suppress(Exception):
            connection.close()
        return f"database: {state or type(error).__name__}"
    return f"unexpected: {type(error).__name__} {error}"


def explain_api(error: Exception) -> str:
    from chaos.api_actions import CallRefused

    if isinstance(error, CallRefused):
        return f"refused: {error}"
    return f"unexpected: {type(error).__name__} {error}"


if __name__ == "__main__":
    main()
