"""One run of the nightly texts: plan, then claim, send and record until nothing is due."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from django.utils import timezone

from customers.budget import NO_TIME_LIMIT, Budget
from customers.texts import backends
from customers.texts.claim_texts import claim_texts
from customers.texts.close_texts import close_overdue_texts
from customers.texts.in_flight import TextsInFlight
from customers.texts.plan_texts import plan_texts
from customers.texts.save_send_results import save_send_results
from customers.texts.send_results import SendResult
from customers.texts.text_queues import open_queues, seconds_until_next

RECORD_SECONDS: Final = 0.05
"""About so often results are recorded, and the next texts claimed: a few queries each time."""
TWILIO_HANGING_SECONDS: Final = 1.0
"""Twilio responds within a second. A run that hears nothing for so long lets others go first, and
a thread records what comes."""
LONGEST_PAUSE: Final = 0.25
"""A run that only waits for a number's limit ends after this, and lets others go first."""
SOON_SECONDS: Final = 1.0
"""A number waits no longer than this between two texts. For what comes later, the next tick is
soon enough."""


def run(
    clock: Callable[[], datetime] = timezone.now, budget: Budget = NO_TIME_LIMIT
) -> Counter[str]:
    """Plan and send texts until none is due or the time is up.

    A text whose number has to wait for its limit is due later. Returns the number of texts by
    result; requests that outlive the run are not among them.
    """
    now = clock()
    plan_texts(now, budget)
    expired, abandoned = close_overdue_texts(now, budget)
    open_queues(now)

    def record(results: Mapping[int, SendResult]) -> None:
        save_send_results(results, clock())

    with TextsInFlight(backends.new_backend(), record) as in_flight:
        _send_texts(in_flight, clock, budget)
    return +(Counter(expired=expired, abandoned=abandoned) + in_flight.counts)


def _send_texts(in_flight: TextsInFlight, clock: Callable[[], datetime], budget: Budget) -> None:
    heard_at = time.monotonic()
    while in_flight or not in_flight.is_account_halted:
        texts = [] if in_flight.is_account_halted else claim_texts(clock(), budget)
        in_flight.start(texts)
        if in_flight.record_completed(RECORD_SECONDS) or texts:
            heard_at = time.monotonic()
        elif not in_flight and not _wait_for_number(clock(), budget):
            return
        patience = TWILIO_HANGING_SECONDS if in_flight else LONGEST_PAUSE
        if budget.has_limit and time.monotonic() - heard_at > patience:
            budget.leave_work()
            return
        if budget.is_spent():
            return


def _wait_for_number(now: datetime, budget: Budget) -> bool:
    """Wait until a number may send its next text. Returns whether there is one, soon.

    One that is due now waits for room among the texts in flight, or for another worker's claim.
    """
    seconds = seconds_until_next(now) if budget.has_limit else None
    if seconds is None or seconds > SOON_SECONDS:
        return False
    time.sleep(min(max(seconds, RECORD_SECONDS), LONGEST_PAUSE))
    return True
