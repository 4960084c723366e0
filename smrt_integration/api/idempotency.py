"""`Idempotency-Key`: a POST that may be repeated. It is done once, and answered alike every time.

The answer is stored in the transaction of what was done: either both are there or neither is. Of two calls at once, one waits at the
unique index until the other has committed, and then finds its answer; after a crash nothing is there, and the repetition does it.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
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

ANOTHER_BODY = f"This {HEADER} came with another request before. Use a new one for each request, and the same only to repeat it."


def once(request: Request, work: Callable[[], Response]) -> Response:
    """Do `work` in a transaction, or answer what it answered before. Raises ValidationError for a key that came with another request."""
    with transaction.atomic():
        key = request.headers.get(HEADER)
        if key is None:
            return work()
        if not 1 <= len(key) <= LONGEST:
            raise ValidationError({HEADER: [f"It must have 1 to {LONGEST} characters."]})
        claim = _claim(request, key)
        if claim.status:
            return _replay(claim, request)
        response = work()
        claim.status, claim.body = response.status_code, JSONRenderer().render(response.data).decode()
        claim.save(update_fields=["status", "body"])
        return response


def _claim(request: Request, key: str) -> Answered:
    """The row of this key. It has a status when the request was answered before."""
    caller = cast("ApiKey", request.auth)
    Answered.objects.bulk_create([Answered(key=caller, idempotency_key=key, request_hash=hash_of(request))], ignore_conflicts=True)
    return Answered.objects.get(key=caller, idempotency_key=key)


def _replay(claim: Answered, request: Request) -> Response:
    if claim.request_hash != hash_of(request):
        raise ValidationError({HEADER: [ANOTHER_BODY]})
    return Response(json.loads(claim.body) if claim.body else None, claim.status, headers={REPLAYED: "true"})


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
