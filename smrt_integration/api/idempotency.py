"""`Idempotency-Key`: a client may repeat a POST; it is done once, with the same response each time.

The response is stored in the transaction of the request: both are committed or neither is. Of two
requests at once, the second waits at the unique index for the first to commit and then returns its
response. If the first takes too long, the second gets a 409 with Retry-After. After a crash nothing
is stored, so the repetition does the work.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from customers import storable
from smrt_integration.api.errors import Conflict
from smrt_integration.api.models import Answered, ApiKey

IDEMPOTENCY_KEY_HEADER = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY_LENGTH = 255
RESPONSE_RETENTION = timedelta(days=3)
"""A client that was offline over a weekend still gets its responses."""
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
INSERT INTO smrt_integration_answered (key_id, idempotency_key, request_hash, status, body, at)
SELECT %s, %s, %s, 0, '', clock_timestamp() FROM timeout
ON CONFLICT (key_id, idempotency_key) DO NOTHING
RETURNING id, (SELECT set_config('lock_timeout', before, true) FROM timeout)
"""

STORE_RESPONSE = "UPDATE smrt_integration_answered SET status = %s, body = %s WHERE id = %s"

INVALID_KEY = f"The key must have 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters."
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
        key = request.headers.get(IDEMPOTENCY_KEY_HEADER)
        if key is None:
            return handle()
        if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH:
            raise ValidationError({IDEMPOTENCY_KEY_HEADER: [INVALID_KEY]})
        if reason := storable.problem(key):
            raise ValidationError({IDEMPOTENCY_KEY_HEADER: [reason]}, "unstorable_text")
        while (row_id := _claim(request, key)) is None:
            # None if the old response was deleted in between: then the key is free again
            if stored := Answered.objects.filter(
                key=_api_key(request), idempotency_key=key
            ).first():
                return _replay(request, stored)
        response = handle()
        body = JSONRenderer().render(response.data).decode()
        with connection.cursor() as cursor:
            cursor.execute(STORE_RESPONSE, [response.status_code, body, row_id])
        return response


def _claim(request: Request, key: str) -> int | None:
    """Insert a row for this key and return its id, or None if the key has a row already.

    Raises RequestInProgress if another transaction holds the key for too long.
    """
    key_id, hashed = _api_key(request).pk, request_hash(request)
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM_IDEMPOTENCY_KEY, [CLAIM_LOCK_TIMEOUT, key_id, key, hashed])
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
    """Return a hash of method, path and body, regardless of white space and the order of fields."""
    content: Any = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def delete_old_responses(now: datetime) -> int:
    """Delete responses older than RESPONSE_RETENTION, in chunks. Returns how many."""
    old, total = Answered.objects.filter(at__lt=now - RESPONSE_RETENTION), 0
    while deleted := Answered.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:RESPONSE_CHUNK_SIZE])
    ).delete()[0]:
        total += deleted
    return total
