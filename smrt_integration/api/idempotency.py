"""`Idempotency-Key`: a POST that may be repeated. It is done once, and answered alike every time.

The answer is stored in the transaction of what was done: either both are there or neither is. Of two calls at once, one waits at the
unique index until the other has committed, and then finds its answer, or is told to ask again when that takes long; after a crash nothing
is there, and the repetition does it.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.utils import OperationalError
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from smrt_integration.api.errors import Conflict
from smrt_integration.api.models import Answered, ApiKey

IDEMPOTENCY_KEY_HEADER = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY_LENGTH = 255
# A till or a phone that was offline over the weekend still finds its answers.
RESPONSE_RETENTION = timedelta(days=3)
# Deleted at once: short transactions, whatever a shop left behind.
RESPONSE_CHUNK_SIZE = 5_000
REPLAYED_HEADER = "Idempotent-Replayed"

# A call takes a fraction of a second. Who waits for one that takes longer holds one of the web server's few threads, and others wait then.
CLAIM_LOCK_TIMEOUT = "2s"

# The patience ends with the statement, whose RETURNING comes last: what is then done waits for its locks as long as anything else does.
CLAIM_IDEMPOTENCY_KEY = """
WITH patience AS MATERIALIZED (SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', %s, true))
INSERT INTO smrt_integration_answered (key_id, idempotency_key, request_hash, status, body, at)
SELECT %s, %s, %s, 0, '', %s::timestamptz FROM patience
ON CONFLICT (key_id, idempotency_key) DO NOTHING RETURNING id, (SELECT set_config('lock_timeout', before, true) FROM patience)
"""

STORE_RESPONSE = "UPDATE smrt_integration_answered SET status = %s, body = %s WHERE id = %s"

KEY_REUSED = f"This {IDEMPOTENCY_KEY_HEADER} came with another request before. Use a new one for each request, and the same only to repeat it."


class RequestInProgress(Conflict):
    wait = 1
    """Seconds, which DRF answers as Retry-After."""

    def __init__(self) -> None:
        super().__init__(
            "This call is being done at this moment. Ask again in a moment.", "under_way"
        )


def run_once(request: Request, work: Callable[[], Response]) -> Response:
    """Do `work` in a transaction, or answer what it answered before. Raises ValidationError for a key that came with another request,
    and UnderWay when that request is not over within our patience."""
    with transaction.atomic():
        key = request.headers.get(IDEMPOTENCY_KEY_HEADER)
        if key is None:
            return work()
        if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY_LENGTH:
            raise ValidationError(
                {
                    IDEMPOTENCY_KEY_HEADER: [
                        f"It must have 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} characters."
                    ]
                }
            )
        while (claimed := _claim(request, key)) is None:
            # none when it was forgotten just now; then the key is free again
            if before := Answered.objects.filter(key=_caller(request), idempotency_key=key).first():
                return _replay(request, before)
        response = work()
        body = JSONRenderer().render(response.data).decode()
        with connection.cursor() as cursor:
            cursor.execute(STORE_RESPONSE, [response.status_code, body, claimed])
        return response


def _claim(request: Request, key: str) -> int | None:
    """The id of the row that holds this key for us; None when the request was answered before. The database decides who was first."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                CLAIM_IDEMPOTENCY_KEY,
                [
                    CLAIM_LOCK_TIMEOUT,
                    _caller(request).pk,
                    key,
                    request_hash(request),
                    timezone.now(),
                ],
            )
            row = cursor.fetchone()
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise RequestInProgress from error
        raise
    return row[0] if row else None


def _replay(request: Request, before: Answered) -> Response:
    if before.request_hash != request_hash(request):
        raise ValidationError({IDEMPOTENCY_KEY_HEADER: [KEY_REUSED]})
    return Response(
        json.loads(before.body) if before.body else None,
        before.status,
        headers={REPLAYED_HEADER: "true"},
    )


def _caller(request: Request) -> ApiKey:
    return cast("ApiKey", request.auth)


def request_hash(request: Request) -> str:
    """Of what was asked; the order of names in the body and white space make no difference."""
    said: Any = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def delete_old_responses(now: datetime) -> int:
    """Delete answers that nobody will ask for any more, some at a time. Answers how many."""
    old, forgotten = Answered.objects.filter(at__lt=now - RESPONSE_RETENTION), 0
    while deleted := Answered.objects.filter(
        pk__in=list(old.values_list("pk", flat=True)[:RESPONSE_CHUNK_SIZE])
    ).delete()[0]:
        forgotten += deleted
    return forgotten
