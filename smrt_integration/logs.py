"""How the programs log: one structured line per fact, readable in development, JSON elsewhere.

Three things never get into a log: the details of a refused row, links to customers' accounts, and
query strings.
"""

import logging
import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog

# PostgreSQL quotes the row that it refuses and the line of the statement that it does not
# understand. So do errors, their tracebacks and their causes, as text or as `repr` shows them.
ROW_DETAIL: Final = re.compile(
    r"(?:\n|\\n)(?:DETAIL|CONTEXT|QUERY|LINE \d+): .*?"
    r"(?=\n\nThe above exception|\n\nDuring handling|\Z)",
    re.DOTALL,
)
# Some sentences of PostgreSQL quote the value itself.
QUOTED_VALUE: Final = re.compile(
    r"(invalid input (?:syntax|value) for [^\":\n]{1,60}: |value out of range: "
    r"|malformed \w+ literal: )\"[^\n]*\""
)

# A link to a customer's account is a login. Hide what follows its path, unless that is one of the
# addresses without a login behind it. A link may be wrapped and go on after a line break; a rest
# of fewer characters than the pattern asks for lets nobody log in.
LINE_BREAK: Final = r"""(?:[\s"'\\]|\\[nrt]|%[0-9A-Fa-f]{2})+"""
ACCOUNT_LINK: Final = re.compile(
    rf"""(/account/+)(?![a-z]{{0,20}}(?:[/?#\s"'\\]|$))[^\s"'\\]+(?:{LINE_BREAK}[\w.-]{{12,}})*"""
)
# Hide also what ends like a link (version and signature), whatever came before it.
LINK_SIGNATURE: Final = re.compile(
    rf"(?:\.|%2E)\d+(?:\.|%2E)[\w-]{{12,}}(?:{LINE_BREAK}[\w-]{{12,}})*", re.IGNORECASE | re.ASCII
)

# A query string names who was searched for: `?email=`, the admin's `?q=`, the page to return to.
# It is hidden up to the next blank, or to the quotation mark that ends it, which JSON writes
# without a backslash. The match starts at the start of a word, so that each word is read once.
QUERY_STRING: Final = re.compile(
    r"""(?<!\S)([^\s/?]*/[^\s?]*?)(\?|%3F)(?:[^\s"\\]|\\[^nrt])+""", re.IGNORECASE
)


CLIENT_ERROR_LEVEL: Final = logging.INFO
"""Of responses from 400 to 499: nothing of ours is wrong."""


def hide_row_details(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Remove what PostgreSQL quotes of a row or statement, which holds customers' details."""
    for name, value in line.items():
        line[name] = _without_row_details(value)
    return line


def _without_row_details(value: Any) -> Any:
    if isinstance(value, BaseException):
        value = repr(value)
    if isinstance(value, str):
        return QUOTED_VALUE.sub(r'\1"***"', ROW_DETAIL.sub("", value))
    if isinstance(value, Mapping):
        return {key: _without_row_details(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_row_details(part) for part in value]
    return value


def hide_links_in_line(_logger: Any, _method: str, line: str) -> str:
    """Hide links. It comes last and gets the finished line, so it finds them wherever they are."""
    return hide_links(line)


def hide_queries(_logger: Any, _method: str, line: str) -> str:
    """Hide the query string of any address, such as those that the web server logs."""
    return QUERY_STRING.sub(r"\1\2***", line)


def hide_links(text: str) -> str:
    return LINK_SIGNATURE.sub(".***", ACCOUNT_LINK.sub(r"\1***", text))


SHARED_PROCESSORS: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    hide_row_details,
]
PROCESSORS: Final[list[Any]] = [
    structlog.stdlib.filter_by_level,
    *SHARED_PROCESSORS,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]
"""One list for every call of `configure`: a logger keeps the list that it first logged with, and
`structlog.testing.capture_logs` replaces what is in the list."""


def configure(level: str, readable: bool) -> dict[str, Any]:
    """Configure structlog. Returns Django's LOGGING setting; Celery keeps its root handler."""
    structlog.configure(
        processors=PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False)
        if readable
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    renderer,
                    hide_links_in_line,
                    hide_queries,
                ],
                "foreign_pre_chain": SHARED_PROCESSORS,
            },
        },
        "filters": {
            "unavailable": {"()": "smrt_integration.unavailable.WithoutUnavailable"},
            "client_errors": {"()": "smrt_integration.refused_requests.WithoutClientErrors"},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured"},
            "refused_requests": {"class": "smrt_integration.refused_requests.RefusedRequests"},
            "error_emails": {"class": "smrt_integration.error_emails.ErrorEmails"},
        },
        "root": {"handlers": ["console", "error_emails"], "level": level},
        "loggers": {
            # Everything goes through the processors: Django's console handler, its emails to
            # administrators and the web server would write past them.
            "django": {"handlers": [], "propagate": True},
            "django.request": {"filters": ["unavailable", "client_errors"]},
            # One line of ours for each, instead of an error with a traceback.
            "django.security": {"handlers": ["refused_requests"], "propagate": False},
            "gunicorn.access": {"handlers": [], "propagate": True},
            "gunicorn.error": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
            # The SDK may log whole messages at DEBUG.
            "segment": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # axes logs the names and addresses of people who mistype.
            "axes": {"level": "ERROR"},
            # A line per task says less than the task's own line.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }
