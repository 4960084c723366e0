"""Waiting for what a worker does while the browser is open."""

import time
from collections.abc import Callable

from celery import current_app

from events import wake
from tests.workers import wait_until

POLL_SECONDS = 1.0


def wait_for_the_worker(condition: Callable[[], object], what: str) -> None:
    """Wait. Wake-ups are best effort, so poll as beat does, but more often."""
    polled_at = 0.0

    def is_met() -> object:
        nonlocal polled_at
        if not (result := condition()) and time.monotonic() > polled_at + POLL_SECONDS:
            polled_at = time.monotonic()
            current_app.send_task(wake.DELIVER_TASK, ignore_result=True)
            current_app.send_task(wake.RUN_JOBS_TASK, ignore_result=True)
        return result

    wait_until(is_met, what)
