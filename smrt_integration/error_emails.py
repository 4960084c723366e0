"""Emails about errors that nobody expected, to the developers that ERROR_EMAILS names.

They hold where an error happened and its type. The error's text, values of variables and addresses
stay out: they may quote a customer, and a link is a login.
"""

import logging
import threading
import time
import traceback
from types import TracebackType
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

from smrt_integration import __version__
from smrt_integration.unavailable import is_unavailable

log = structlog.get_logger(__name__)

QUIET_SECONDS: Final = 3600.0
"""The same error is not emailed again for this long: who got one email knows."""
MAX_KINDS: Final = 20
"""Kinds of errors within QUIET_SECONDS. When everything fails, no more emails help."""


class ErrorEmails(logging.Handler):
    """Emails errors that were logged with their traceback: of requests and of tasks."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._emailed: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if not settings.ERROR_EMAILS or not record.exc_info:
            return
        _, error, trace = record.exc_info
        if error is None or is_unavailable(error):
            return
        places = _places(trace)
        kind = f"{type(error).__name__} in {places[-1] if places else record.name}"
        if self._is_new(kind):
            # The mail server may take seconds, and the request that failed is still unanswered.
            threading.Thread(target=_send, args=[kind, places], daemon=True).start()

    def _is_new(self, kind: str) -> bool:
        """Logging calls handlers one at a time, so nothing else changes this meanwhile."""
        since = time.monotonic() - QUIET_SECONDS
        self._emailed = {known: at for known, at in self._emailed.items() if at > since}
        if kind in self._emailed or len(self._emailed) >= MAX_KINDS:
            return False
        self._emailed[kind] = time.monotonic()
        return True


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"{frame.name} ({frame.filename}, line {frame.lineno})"
        for frame in traceback.extract_tb(trace)
    ]


def _send(kind: str, places: list[str]) -> None:
    lines = [
        f"Version {__version__}. The log has the error's text.",
        "For an hour, this process sends no other email about the same error.",
        "",
        *places,
    ]
    try:
        EmailMessage(f"SMRT error: {kind}", "\n".join(lines), to=settings.ERROR_EMAILS).send()
    except Exception as failure:  # noqa: BLE001 - whatever it is, the log has the error already
        log.warning("error_not_emailed", error=type(failure).__name__)
