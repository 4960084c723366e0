"""A counter in a process of its own: signs up customers until it is told to end, whatever becomes of the database.

Prints the public id of each whose save was committed, and `failed` where a save failed. To be run as `python -m tests.e2e.counter`.
"""

import os
import signal
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")


def main() -> None:
    django.setup()
    from django.db import DatabaseError, close_old_connections

    from tests.delivery.scene import sending_business, sign_up

    ending: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ending.append(number))
    businesses = [sending_business(f"{number:032d}") for number in range(4)]
    signed_up = 0
    while not ending:
        close_old_connections()
        try:
            customer = sign_up(businesses[signed_up % len(businesses)])
        except DatabaseError:
            _say("failed")
        else:
            _say(str(customer.uuid))
            signed_up += 1


def _say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
