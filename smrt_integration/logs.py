"""How the programs log: one structured line per fact, readable while developing, JSON elsewhere."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

# PostgreSQL tells of a row that it refuses what is in it, and so do errors, their tracebacks and what they are chained to.
ROW = re.compile(
    r"(?:\n|\\n)(?:DETAIL|CONTEXT): .*?(?=\n\nThe above exception|\n\nDuring handling|\Z)",
    re.DOTALL,
)

# A link to a customer's account is a login. Whatever follows its path is hidden, unless it is one of the clean addresses behind it;
# and what ends like a link (version and signature), whatever came before it. One that was wrapped goes on after the gap: with the few
# characters that a shorter rest would tell, nobody comes in.
GAP = r"""(?:[\s"'\\]|\\[nrt]|%[0-9A-Fa-f]{2})+"""
LINK = re.compile(
    rf"""(/account/+)(?![a-z]{{0,20}}(?:[/?#\s"'\\]|$))[^\s"'\\]+(?:{GAP}[\w.-]{{12,}})*"""
)
SIGNATURE = re.compile(
    rf"(?:\.|%2E)\d+(?:\.|%2E)[\w-]{{12,}}(?:{GAP}[\w-]{{12,}})*", re.IGNORECASE | re.ASCII
)

# Who is searched for stands in the query of an address: `?email=`, the admin's `?q=`, where to come back to. It is hidden up to the next
# blank, or the quotation mark that ends it, which JSON writes without a backslash. From the start of a word on, so that each is read once.
QUERY = re.compile(r"""(?<!\S)([^\s/?]*/[^\s?]*?)(\?|%3F)(?:[^\s"\\]|\\[^nrt])+""", re.IGNORECASE)


def without_rows(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Nobody's details belong in a log."""
    for part in ("event", "exception"):
        if isinstance(line.get(part), str):
            line[part] = ROW.sub("", line[part])
    return line


def without_links(_logger: Any, _method: str, line: str) -> str:
    """A last processor: it gets the line as it will be written, whoever wrote it and wherever in it the link stands."""
    return hidden(line)


def without_queries(_logger: Any, _method: str, line: str) -> str:
    """Of any address, whoever logs it: the web server's line of each call, and the page that the caller came from."""
    return QUERY.sub(r"\1\2***", line)


def hidden(text: str) -> str:
    return SIGNATURE.sub(".***", LINK.sub(r"\1***", text))


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    without_rows,
]


def configure(level: str, readable: bool) -> dict[str, Any]:
    """Configure structlog and answer the LOGGING setting for Django, whose root handler Celery keeps."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
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
                    without_links,
                    without_queries,
                ],
                "foreign_pre_chain": SHARED,
            },
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Nobody writes past the processors: not Django's own console, its mails to administrators, or the web server.
            "django": {"handlers": [], "propagate": True},
            "gunicorn.access": {"handlers": [], "propagate": True},
            "gunicorn.error": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True, "level": "WARNING"},
            # The SDK logs write keys and whole bodies at DEBUG.
            "segment": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # It logs the names and addresses of people who mistype.
            "axes": {"level": "ERROR"},
            # One line per task says nothing that the delivery's own line does not say better.
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }
