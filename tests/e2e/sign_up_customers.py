"""Sign up customers until SIGTERM, also while the database is away.

Prints the public id of each customer whose save was committed, and `failed` for each save that
failed. Run as `python -m tests.e2e.sign_up_customers`.
"""

import os
import signal
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smrt_integration.settings")


def main() -> None:
    django.setup()
    from django.db import DatabaseError, close_old_connections

    from tests.delivery.sending_businesses import sending_business, sign_up

    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: signals.append(number))
    businesses = [sending_business(f"{number:032d}") for number in range(4)]
    signed_up = 0
    while not signals:
        close_old_connections()
        try:
            customer = sign_up(businesses[signed_up % len(businesses)])
        except DatabaseError:
            _print("failed")
        else:
            _print(str(customer.uuid))
            signed_up += 1


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
