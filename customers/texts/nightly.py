"""One run of the nightly texts: plan, claim, send, settle, again and again until nothing is due."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog
from django.utils import timezone

from customers.texts import backends
from customers.texts.backends import TextBackend
from customers.texts.claim_texts import TEXT_CHUNK_SIZE, claim_texts, close_overdue_texts
from customers.texts.plan_texts import plan_texts
from customers.texts.save_send_results import save_send_results
from customers.texts.send_results import Halted, SendResult, TextToSend, Unconfirmed

log = structlog.get_logger(__name__)

TEXT_RUN_SECONDS: Final = 50.0
"""Less than the minute after which beat starts the next run, which goes on where this one ended."""


def run(budget: float = TEXT_RUN_SECONDS) -> Counter[str]:
    """What became of how many."""
    now, ends = timezone.now(), time.monotonic() + budget
    plan_texts(now)
    expired, lost = close_overdue_texts(now)
    became = Counter(expired=expired, lost=lost)
    with ThreadPoolExecutor(TEXT_CHUNK_SIZE) as threads:
        backend = backends.new_backend()
        while time.monotonic() < ends and (texts := claim_texts(timezone.now())):
            outcomes = send(texts, backend, threads)
            save_send_results(
                {text.id: outcome for text, outcome in zip(texts, outcomes, strict=True)},
                timezone.now(),
            )
            became.update(type(outcome).__name__.lower() for outcome in outcomes)
            if any(
                isinstance(outcome, Halted) and outcome.why == "account" for outcome in outcomes
            ):
                break
    return +became


def send(
    texts: Sequence[TextToSend], backend: TextBackend, threads: ThreadPoolExecutor
) -> list[SendResult]:
    """All at the same moment, with no transaction open and no connection to the database in these threads."""

    def outcome_of(text: TextToSend) -> SendResult:
        try:
            return backend.send(text)
        except Exception as error:  # noqa: BLE001 - whatever a backend raises, the other texts of the portion were sent
            # not the error itself, which may quote the text
            log.error("text_failed", text=text.id, error=type(error).__name__)  # noqa: TRY400
            return Unconfirmed()

    return list(threads.map(outcome_of, texts))
