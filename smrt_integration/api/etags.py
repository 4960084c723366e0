"""ETags of single records, `If-Match` and `If-None-Match` (RFC 9110).

An ETag is a hash of the record as the API shows it, so it changes with the record, whoever changes
it, and no row has to be written for it.
"""

import hashlib
import re
from typing import Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

ANY: Final = "*"
TAG: Final = r'(?:W/)?"[!#-~\x80-\xff]*"'
TAGS: Final = re.compile(rf"[ \t,]*{TAG}(?:[ \t]*,[ \t,]*{TAG})*[ \t,]*")
MALFORMED: Final = 'Send the ETag of the record as it was received, in double quotes: "8a1f…".'


class ChangedMeanwhile(APIException):
    """The record is no longer as the client knows it. Nothing was changed."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = (
        "The record has changed since you read it. Read it again, and repeat the call with its "
        "new ETag if it still makes sense."
    )
    default_code = "changed_meanwhile"


def etag_of(data: Any) -> str:
    """Return the strong ETag of a record as the API shows it."""
    return f'"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def tags_in(request: Request, name: str) -> list[str] | None:
    """Return the ETags in the header `name`, or None without it.

    Raises ValidationError if the header is malformed.
    """
    header = request.headers.get(name)
    if header is None:
        return None
    if header.strip() == ANY:
        return [ANY]
    if not TAGS.fullmatch(header):
        raise ValidationError({name: [MALFORMED]}, "invalid")
    return re.findall(TAG, header)


def is_strong_match(tags: list[str], etag: str | None) -> bool:
    """Return whether a record with this ETag, or none, fulfils If-Match. A weak tag never does."""
    return etag is not None and (ANY in tags or etag in tags)


def is_weak_match(tags: list[str], etag: str) -> bool:
    """Return whether a record with this ETag is one of If-None-Match."""
    return ANY in tags or etag in {tag.removeprefix("W/") for tag in tags}
