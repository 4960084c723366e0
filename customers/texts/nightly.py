"""One run of the nightly texts: plan, then claim, send and save until nothing is due."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog
from django.utils import timezone

from customers.budget import NO_TIME_LIMIT, Budget
from customers.texts import backends
from customers.texts.backends import TextBackend
from customers.texts.claim_texts import TEXT_CHUNK_SIZE, claim_texts, close_overdue_texts
from customers.texts.plan_texts import plan_texts
from customers.texts.save_send_results import save_send_results
from customers.texts.send_results import Halted, SendResult, TextToSend, Unconfirmed

log = structlog.get_logger(__name__)


def run(
    clock: Callable[[], datetime] = timezone.now, budget: Budget = NO_TIME_LIMIT
) -> Counter[str]:
    """Plan and send texts until none is due or the time is up.

    Returns the number of texts by result.
    """
    now = clock()
    plan_texts(now)
    expired, abandoned = close_overdue_texts(now)
    counts = Counter(expired=expired, abandoned=abandoned)
    with ThreadPoolExecutor(TEXT_CHUNK_SIZE) as threads:
        backend = backends.new_backend()
        while texts := claim_texts(clock()):
            results = send(texts, backend, threads)
            save_send_results(
                {text.id: result for text, result in zip(texts, results, strict=True)},
                clock(),
            )
            counts.update(type(result).__name__.lower() for result in results)
            if any(_is_account_halted(result) for result in results) or budget.is_spent():
                break
    return +counts


def _is_account_halted(result: SendResult) -> bool:
    return isinstance(result, Halted) and result.reason == "account"


def send(
    texts: Sequence[TextToSend], backend: TextBackend, threads: ThreadPoolExecutor
) -> list[SendResult]:
    """Send the texts at the same time, outside any transaction.

    The threads open no database connection.
    """

    def send_one(text: TextToSend) -> SendResult:
        try:
            return backend.send(text)
        except Exception as error:  # noqa: BLE001 - the other texts of this chunk were sent
            # the error itself may quote the text
            log.error("text_failed", text=text.id, error=type(error).__name__)  # noqa: TRY400
            return Unconfirmed()

    return list(threads.map(send_one, texts))
