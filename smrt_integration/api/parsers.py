"""The parser of request bodies: JSON up to a maximum size."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY_BYTES: Final = 5_000_000
"""Several times what a phone reports after a day offline.

Each web thread may hold one body of this size in memory.
"""


class RequestTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = (
        f"The body may have at most {MAX_BODY_BYTES:,} bytes. Split it into several calls."
    )
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """Refuse bodies that are too large or too deeply nested, before or while reading them."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if int(length) > MAX_BODY_BYTES:
            raise RequestTooLarge
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
