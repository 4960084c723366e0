"""The parsers of request bodies: JSON up to a maximum size, and files of any size as a stream."""

import hashlib
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.utils import json

MAX_BODY_BYTES: Final = 5_000_000
"""Several times what a phone reports after a day offline.

Each web thread may hold one body of this size in memory.
"""


MAX_DEPTH: Final = 20
"""No body has a third of it. A program that reads or writes the parts in turn could not go on with
a thousand."""
TOO_DEEP: Final = "The body is nested too deeply."


class RequestTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = (
        f"The body may have at most {MAX_BODY_BYTES:,} bytes. Split it into several calls."
    )
    default_code = "too_large"


class BoundedJSONParser(BaseParser):
    """Refuse bodies that are too large or too deeply nested.

    It is none of DRF's JSON parsers, because DRF gives those the body as Django reads it, with the
    limit of pages (DATA_UPLOAD_MAX_MEMORY_SIZE).
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise RequestTooLarge
        try:
            data = json.loads(body.decode())
        except ValueError as error:
            raise ParseError(f"The body is not valid JSON: {error}.") from error
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error
        if _is_deeper_than(data, MAX_DEPTH):
            raise ParseError(TOO_DEEP)
        return data


class Upload:
    """A body that is read piece by piece, as it arrives. `read` is that of a file.

    `kind` is that of an import (CustomerImport.Kind).
    """

    def __init__(self, stream: IO[bytes], length: int, kind: str) -> None:
        self.kind = kind
        self._stream = stream
        self._left = length
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, and none at the end.

        Raises ParseError if the connection ends before the declared length.
        """
        piece = self._stream.read(min(size, self._left))
        if self._left and not piece:
            raise ParseError(UPLOAD_CUT, "bad_request")
        self._left -= len(piece)
        self._hash.update(piece)
        return piece

    @property
    def digest(self) -> str:
        """A hash of what was read so far."""
        return self._hash.hexdigest()


UPLOAD_CUT: Final = "The connection ended before the whole file had arrived. Nothing was kept."


class CsvUploadParser(BaseParser):
    """Return the body as an Upload, unread."""

    media_type = "text/csv"
    kind = "csv"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = parser_context or {}
        return Upload(stream, int(context["request"].META["CONTENT_LENGTH"]), self.kind)


class NdjsonUploadParser(CsvUploadParser):
    media_type = "application/x-ndjson"
    kind = "ndjson"


def _is_deeper_than(data: Any, depth: int) -> bool:
    """Return whether objects and lists are nested more than `depth` times, without recursion."""
    level = [data]
    for _ in range(depth + 1):
        level = [
            part
            for whole in level
            if isinstance(whole, (dict, list))
            for part in (whole.values() if isinstance(whole, dict) else whole)
        ]
        if not level:
            return False
    return True
