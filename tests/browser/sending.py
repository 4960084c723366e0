"""A worker beside the browser, and waiting for what it does."""

import time
from collections.abc import Callable

from celery import current_app

from events import wake
from tests.workers import wait_until

TICK_SECONDS = 1.0


def wait_for_the_worker(condition: Callable[[], object], what: str) -> None:
    """A wake-up may be lost, when the machine is busy for one; here we do what beat does about it, and do it more often."""
    ticked = 0.0

    def looked() -> object:
        nonlocal ticked
        if not (found := condition()) and time.monotonic() > ticked + TICK_SECONDS:
            ticked = time.monotonic()
            current_app.send_task(wake.DELIVER, ignore_result=True)
            current_app.send_task(wake.RUN_JOBS, ignore_result=True)
        return found

    wait_until(looked, what)
