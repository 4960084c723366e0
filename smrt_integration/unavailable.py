"""The 503 for a request that the database kept waiting, or could not serve."""

import logging
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final

import structlog
from django.db import Error, InterfaceError, OperationalError, connection
from django.db.utils import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from customers.outages import Outage
from customers.turns import RETRY_REFUSED_AFTER_SECONDS, TooManyInProgress

log = structlog.get_logger(__name__)

outage: Final = Outage("database", used_for="requests")

UNAVAILABLE_FOR_SECONDS: Final = 5
"""Most of what holds a lock is over by then, and a client that repeats at once would wait again."""

# deadlock_detected, lock_not_available, query_canceled, idle_in_transaction_session_timeout:
# PostgreSQL has rolled the transaction back.
GAVE_UP: Final = {"40P01", "55P03", "57014", "25P03"}
# read_only_sql_transaction: a standby answers in the place of the server that took writes.
READ_ONLY: Final = "25006"

BUSY: Final = "This took too long, because other work was in the way. Nothing was changed."
AWAY: Final = "We cannot reach our database at the moment."
"""Whether a change was committed is not known when the connection is lost during COMMIT."""
MANY_IN_PROGRESS: Final = (
    "Many pages and programs of this business are being served at the moment. Nothing was changed."
)


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether the database, and no fault of ours, is the reason."""
    return isinstance(error, (OperationalError, InterfaceError)) or _sqlstate(error) in {
        *GAVE_UP,
        READ_ONLY,
    }


def is_away(error: BaseException | None) -> bool:
    """Return whether the database cannot be used at all, and not just this time."""
    return is_unavailable(error) and _sqlstate(error) not in GAVE_UP


def name_of(error: BaseException | None) -> str:
    """Return the error's type, with PostgreSQL's code if it has one. Its text may quote a row."""
    return " ".join(filter(None, (type(error).__name__, _sqlstate(error))))


def problem(error: BaseException | None) -> str:
    return BUSY if _sqlstate(error) in GAVE_UP else AWAY


def log_unavailable(error: BaseException | None) -> None:
    """Log that this request got a 503. While the database is away, only that it is."""
    if is_away(error):
        outage.failed(name_of(error))
    else:
        log.warning("database_unavailable", sqlstate=_sqlstate(error), error=type(error).__name__)


def _sqlstate(error: BaseException | None) -> str | None:
    cause = error.__cause__ if isinstance(error, DatabaseProblem) else None
    return getattr(cause, "sqlstate", None)


class WithoutUnavailable(logging.Filter):
    """Passes no line of Django about such a request: ours says what is away, and says it once."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        status = getattr(record, "status_code", None)
        return status != HTTPStatus.SERVICE_UNAVAILABLE and not is_unavailable(error)


class Unavailable:
    """Middleware that turns such an error of a view into a 503. The API's views never raise one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if outage.is_under_way and response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
            self._note_return()
        return response

    def _note_return(self) -> None:
        """End the outage if the database answers. The request may have done without it."""
        with suppress(Error):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            outage.worked()

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooManyInProgress):
            return busy_page(request)
        return unavailable_page(request, error) if is_unavailable(error) else None


def unavailable_page(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """Render a page for owners and customers alike, without a query."""
    log_unavailable(error)
    return _page(request, problem(error), 503, UNAVAILABLE_FOR_SECONDS)


def busy_page(request: HttpRequest) -> HttpResponse:
    """Render a page for people of a business of which too much is in progress."""
    return _page(request, MANY_IN_PROGRESS, 429, RETRY_REFUSED_AFTER_SECONDS)


def _page(request: HttpRequest, sentence: str, status: int, retry_seconds: int) -> HttpResponse:
    context = {
        "site_name": "One moment",
        "problem": sentence,
        "has_sent_form": request.method == "POST",
        "may_be_saved": sentence == AWAY,
    }
    response = render(None, "smrt/unavailable.html", context, status=status)
    response.headers["Retry-After"] = str(retry_seconds)
    response.headers["Cache-Control"] = "no-store"
    return response
