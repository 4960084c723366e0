"""Send texts from threads, and record what happened to each.

A request to Twilio lasts up to ten seconds when Twilio hangs, and a run of the nightly texts about
two. So requests may outlive the run: a thread of the same process then records their results. Not
chosen: a shorter timeout, which would leave more texts unconfirmed, and waiting for the requests,
which would keep the process from all else.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Final, Self

import structlog
from django.db import Error, connection

from customers.texts.backends import TextBackend
from customers.texts.send_results import Halted, SendResult, TextToSend, Unconfirmed

log = structlog.get_logger(__name__)

REQUESTS_AT_ONCE: Final = 100
"""Twilio takes so many of an account, unless it was asked to take more."""
RECORDED_AT_ONCE: Final = 60
"""Results that one transaction records."""
RECORD_AGAIN_SECONDS: Final = 1.0
"""Between two attempts to record results while the database is away."""
GIVE_UP_SECONDS: Final = 240.0
"""Later, a text has been closed as unconfirmed: see CLAIM_LIFETIME."""
SHUTDOWN_SECONDS: Final = 30.0
"""How long a process that is told to end waits for its requests, which last 13 s at most."""

Record = Callable[[Mapping[int, SendResult]], None]

_outliving: set[threading.Thread] = set()
"""The threads that record results after the end of their runs."""


class TextsInFlight:
    """The texts that one run is sending. At the end of the block, a thread records the rest."""

    def __init__(self, backend: TextBackend, record: Record) -> None:
        self.counts: Counter[str] = Counter()
        """How many texts had which result, of those that are recorded."""
        self.is_account_halted = False
        self._backend, self._record = backend, record
        self._threads = ThreadPoolExecutor(REQUESTS_AT_ONCE)
        self._completed: SimpleQueue[tuple[int, SendResult]] = SimpleQueue()
        self._unrecorded: dict[int, SendResult] = {}
        self._sending = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(wait=False)
        if self:
            thread = threading.Thread(target=self._record_rest, name="record_texts")
            _outliving.add(thread)
            thread.start()

    def __len__(self) -> int:
        """Return how many texts are being sent or not recorded yet."""
        return self._sending + len(self._unrecorded)

    def start(self, texts: Sequence[TextToSend]) -> None:
        self._sending += len(texts)
        for text in texts:
            self._threads.submit(self._send, text)

    def record_completed(self, seconds: float) -> int:
        """Record what is completed within so many seconds. Returns the number of texts.

        It waits no longer than needed: until all are completed, or enough for one transaction.
        """
        until = time.monotonic() + seconds
        while self._sending and len(self._unrecorded) < RECORDED_AT_ONCE:
            try:
                text, result = self._completed.get(timeout=max(until - time.monotonic(), 0))
            except Empty:
                break
            self._unrecorded[text] = result
            self._sending -= 1
        return self._record_unrecorded()

    def _record_unrecorded(self) -> int:
        recorded = self._unrecorded
        if recorded:
            self._record(recorded)
            self.counts.update(type(result).__name__.lower() for result in recorded.values())
            self.is_account_halted |= any(map(_is_account_halted, recorded.values()))
            self._unrecorded = {}
        return len(recorded)

    def _send(self, text: TextToSend) -> None:
        """Send one text, outside any transaction and without a database connection."""
        try:
            result = self._backend.send(text)
        except Exception as error:  # noqa: BLE001 - the other texts are sent
            # the error itself may quote the text
            log.error("text_failed", text=text.id, error=type(error).__name__)  # noqa: TRY400
            result = Unconfirmed()
        self._completed.put((text.id, result))

    def _record_rest(self) -> None:
        """Record the results that come after the run. Wait for a database that is away."""
        before, until = self.counts.copy(), time.monotonic() + GIVE_UP_SECONDS
        try:
            while self and time.monotonic() < until:
                try:
                    self.record_completed(RECORD_AGAIN_SECONDS)
                except Error:
                    connection.close()
                    time.sleep(RECORD_AGAIN_SECONDS)
            if counts := self.counts - before:
                log.info("texts", **counts)
        finally:
            connection.close()
            _outliving.discard(threading.current_thread())


def _is_account_halted(result: SendResult) -> bool:
    return isinstance(result, Halted) and result.reason == "account"


def wait_for_requests(seconds: float = SHUTDOWN_SECONDS) -> None:
    """Return when all requests that outlive their runs are recorded. For the end of a process."""
    until = time.monotonic() + seconds
    for thread in [*_outliving]:
        thread.join(max(until - time.monotonic(), 0))
