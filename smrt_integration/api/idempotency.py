"""`Idempotency-Key`: a POST that may be repeated. It is done once, and answered alike every time.

The answer is stored in the transaction of what was done: either both are there or neither is. Of two calls at once, one waits at the
unique index until the other has committed, and then finds its answer; after a crash nothing is there, and the repetition does it.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from smrt_integration.api.models import Answered, ApiKey

HEADER = "Idempotency-Key"
LONGEST = 255
# A till or a phone that was offline over the weekend still finds its answers.
KEPT = timedelta(days=3)
# Deleted at once: short transactions, whatever a shop left behind.
PORTION = 5_000
REPLAYED = "Idempotent-Replayed"

CLAIM = """
INSERT INTO smrt_integration_answered (key_id, idempotency_key, request_hash, status, body, at) VALUES (%s, %s, %s, 0, '', %s)
ON CONFLICT (key_id, idempotency_key) DO NOTHING RETURNING id
"""

ANOTHER_BODY = f"This {HEADER} came with another request before. Use a new one for each request, and the same only to repeat it."


def once(request: Request, work: Callable[[], Response]) -> Response:
    """Do `work` in a transaction, or answer what it answered before. Raises ValidationError for a key that came with another request."""
    with transaction.atomic():
        key = request.headers.get(HEADER)
        if key is None:
            return work()
        if not 1 <= len(key) <= LONGEST:
            raise ValidationError({HEADER: [f"It must have 1 to {LONGEST} characters."]})
        claimed = _claim(request, key)
        if claimed is None:
            return _replay(request, key)
        response = work()
        body = JSONRenderer().render(response.data).decode()
        Answered.objects.filter(pk=claimed).update(status=response.status_code, body=body)
        return response


def _claim(request: Request, key: str) -> int | None:
    """The id of the row that holds this key for us; None when the request was answered before. The database decides who was first."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [_caller(request).pk, key, hash_of(request), timezone.now()])
        row = cursor.fetchone()
    return row[0] if row else None


def _replay(request: Request, key: str) -> Response:
    before = Answered.objects.get(key=_caller(request), idempotency_key=key)
    if before.request_hash != hash_of(request):
        raise ValidationError({HEADER: [ANOTHER_BODY]})
    return Response(json.loads(before.body) if before.body else None, before.status, headers={REPLAYED: "true"})


def _caller(request: Request) -> ApiKey:
    return cast("ApiKey", request.auth)


def hash_of(request: Request) -> str:
    """Of what was asked; the order of names in the body and white space make no difference."""
    said: Any = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def forget_old(now: datetime) -> int:
    """Delete answers that nobody will ask for any more, some at a time. Answers how many."""
    old, forgotten = Answered.objects.filter(at__lt=now - KEPT), 0
    while deleted := Answered.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:PORTION])).delete()[0]:
        forgotten += deleted
    return forgotten
