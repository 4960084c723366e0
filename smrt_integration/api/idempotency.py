"""`Idempotency-Key`: a client may repeat a call; it is done once, with the same response each time.

It counts on every method that changes something. A GET ignores it, as it changes nothing.

The response is stored in the transaction of the request: both are committed or neither is. Of two
requests at once, the second waits at the unique index for the first to commit and then returns its
response. If the first takes too long, the second gets a 409 with Retry-After. After a crash nothing
is stored, so the repetition does the work.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import Q
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from customers import storable
from customers.budget import NO_TIME_LIMIT, Budget
from smrt_integration.api.errors import Conflict
from smrt_integration.api.fields import MAX_EVENT_AGE
from smrt_integration.api.models import Answered, ApiKey
from smrt_integration.api.parsers import Upload

IDEMPOTENCY_KEY_HEADER = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY_LENGTH = 255
RESPONSE_RETENTION = MAX_EVENT_AGE
"""A call that still may state its `at` may be a repetition, so its response is still here."""
RESPONSE_CHUNK_SIZE = 5_000
"""Deleted per statement, so that each transaction stays short."""
REPLAYED_HEADER = "Idempotent-Replayed"

CLAIM_LOCK_TIMEOUT = "2s"
"""A request takes a fraction of a second, and waiting occupies one of the few web threads."""

# RETURNING is evaluated last and restores the lock timeout for the rest of the transaction.
CLAIM_IDEMPOTENCY_KEY = """
WITH timeout AS MATERIALIZED (
    SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', %s, true)
)
INSERT INTO smrt_integration_answered
    (caller_id, key_id, idempotency_key, request_hash, status, body, at)
SELECT %s, %s, %s, %s, 0, '', clock_timestamp() FROM timeout
ON CONFLICT DO NOTHING
RETURNING id, (SELECT set_config('lock_timeout', before, true) FROM timeout)
"""

STORE_RESPONSE = "UPDATE smrt_integration_answered SET status = %s, body = %s WHERE id = %s"

INVALID_KEY = (
    f"The key must have 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} letters, digits, spaces and signs of "
    "ASCII, with or without double quotes around them."
)
QUOTED_KEY = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
"""A string of RFC 9651, which is the header's form in the IETF's draft."""
PLAIN_KEY = re.compile(r'(?!")[ -~]+')
KEY_REUSED = (
    f"This {IDEMPOTENCY_KEY_HEADER} was used for another request. Use a new one for each request, "
    "and the same one only to repeat a request."
)


class RequestInProgress(Conflict):
    """The first request with this Idempotency-Key is not finished."""

    wait = 1
    """Seconds, which DRF sends as Retry-After."""

    def __init__(self) -> None:
        super().__init__(
            "The first call with this key is still in progress. Try again shortly.", "under_way"
        )


def run_once(request: Request, handle: Callable[[], Response]) -> Response:
    """Handle the request in a transaction, or return the stored response of an earlier one.

    Raises ValidationError if the key was used for another request, and RequestInProgress if the
    first request takes longer than CLAIM_LOCK_TIMEOUT.
    """
    with transaction.atomic():
        header = request.headers.get(IDEMPOTENCY_KEY_HEADER)
        if header is None:
            return handle()
        key = read_idempotency_key(header)
        while (row_id := _claim(request, key)) is None:
            # None if the old response was deleted in between: then the key is free again
            if stored := Answered.objects.filter(_of_caller(request), idempotency_key=key).first():
                return _replay(request, stored)
        response = handle()
        body = JSONRenderer().render(response.data).decode()
        with connection.cursor() as cursor:
            cursor.execute(STORE_RESPONSE, [response.status_code, body, row_id])
        return response


def read_idempotency_key(header: str) -> str:
    """Return the key that the header states, quoted or not. Raises ValidationError."""
    if reason := storable.problem(header):
        raise ValidationError({IDEMPOTENCY_KEY_HEADER: [reason]}, "unstorable_text")
    if quoted := QUOTED_KEY.fullmatch(header):
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    else:
        key = header if PLAIN_KEY.fullmatch(header) else ""
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH:
        raise ValidationError({IDEMPOTENCY_KEY_HEADER: [INVALID_KEY]})
    return key


def _of_caller(request: Request) -> Q:
    """Find a response by its caller, or by the key if the release before this one stored it."""
    key = _api_key(request)
    return Q(caller=key.caller_pk()) | Q(caller=None, key=key)


def _claim(request: Request, key: str) -> int | None:
    """Insert a row for this key and return its id, or None if the key has a row already.

    Raises RequestInProgress if another transaction holds the key for too long.
    """
    caller_id, key_id = _api_key(request).caller_pk(), _api_key(request).pk
    values: list[Any] = [CLAIM_LOCK_TIMEOUT, caller_id, key_id, key, request_hash(request)]
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_IDEMPOTENCY_KEY, values)
            row = cursor.fetchone()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise RequestInProgress from error
        raise
    return row[0] if row else None


def _replay(request: Request, stored: Answered) -> Response:
    if stored.request_hash != request_hash(request):
        raise ValidationError({IDEMPOTENCY_KEY_HEADER: [KEY_REUSED]}, "key_reused")
    return Response(
        json.loads(stored.body) if stored.body else None,
        stored.status,
        headers={REPLAYED_HEADER: "true"},
    )


def _api_key(request: Request) -> ApiKey:
    return cast("ApiKey", request.auth)


def request_hash(request: Request) -> str:
    """Return a hash of method, path and the body's values, however the body writes them.

    Of a file that is uploaded: of its bytes and of the options in the query.
    """
    content: Any = [request.method, request.path]
    if isinstance(request.data, Upload):
        content += [request.data.digest, sorted(request.query_params.items())]
    else:
        content.append(_plain(request.data))
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Return the value with 1 instead of 1.0, 1e0 and the like, which are the same number."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def delete_old_responses(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Delete responses older than RESPONSE_RETENTION, in chunks. Returns how many."""
    old, total = Answered.objects.filter(at__lt=now - RESPONSE_RETENTION), 0
    while deleted := Answered.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:RESPONSE_CHUNK_SIZE])
    ).delete()[0]:
        total += deleted
        if budget.is_spent():
            break
    return total
