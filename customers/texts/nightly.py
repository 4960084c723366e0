"""One run of the nightly texts: plan, claim, send, settle, again and again until nothing is due."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from django.utils import timezone

from customers.texts import backends
from customers.texts.backends import Backend
from customers.texts.claim import PORTION, claim, give_up
from customers.texts.plan import plan
from customers.texts.save_results import settle
from customers.texts.send_results import SendResult, Stopped, Text, Unknown

log = structlog.get_logger(__name__)

BUDGET_SECONDS: Final = 50.0
"""Less than the minute after which beat starts the next run, which goes on where this one ended."""


def run(budget: float = BUDGET_SECONDS) -> Counter[str]:
    """What became of how many."""
    now, ends = timezone.now(), time.monotonic() + budget
    plan(now)
    expired, lost = give_up(now)
    became = Counter(expired=expired, lost=lost)
    with ThreadPoolExecutor(PORTION) as threads:
        backend = backends.chosen()
        while time.monotonic() < ends and (texts := claim(timezone.now())):
            outcomes = send(texts, backend, threads)
            settle(
                {text.id: outcome for text, outcome in zip(texts, outcomes, strict=True)},
                timezone.now(),
            )
            became.update(type(outcome).__name__.lower() for outcome in outcomes)
            if any(
                isinstance(outcome, Stopped) and outcome.why == "account" for outcome in outcomes
            ):
                break
    return +became


def send(texts: Sequence[Text], backend: Backend, threads: ThreadPoolExecutor) -> list[SendResult]:
    """All at the same moment, with no transaction open and no connection to the database in these threads."""

    def outcome_of(text: Text) -> SendResult:
        try:
            return backend.send(text)
        except Exception as error:  # noqa: BLE001 - whatever a backend raises, the other texts of the portion were sent
            # not the error itself, which may quote the text
            log.error("text_failed", text=text.id, error=type(error).__name__)  # noqa: TRY400
            return Unknown()

    return list(threads.map(outcome_of, texts))
