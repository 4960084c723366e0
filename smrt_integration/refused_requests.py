"""Log requests that Django refuses in one line, without a traceback: the sender is at fault."""

import logging

import structlog

log = structlog.get_logger(__name__)

MAX_PROBLEM_LENGTH = 200
"""Of what Django says. It may quote a header of any length."""


class RefusedRequests(logging.Handler):
    """Handler of `django.security.*`: a wrong host, too large a body, a forged session."""

    def emit(self, record: logging.LogRecord) -> None:
        log.info(
            "request_refused",
            error=record.name.rpartition(".")[2],
            problem=ascii(record.getMessage())[1:-1][:MAX_PROBLEM_LENGTH],
        )


class WithoutClientErrors(logging.Filter):
    """Passes a response below 500 at INFO and without the traceback of its exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.levelno, record.levelname, record.exc_info = logging.INFO, "INFO", None
            return logging.getLogger(record.name).isEnabledFor(logging.INFO)
        return True
