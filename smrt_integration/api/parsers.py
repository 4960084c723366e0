"""What a call may bring along: JSON of a sensible size."""

from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY_BYTES: Final = 5_000_000
"""Bytes: several times what a phone has to tell after a day without a network, and little enough to hold in memory for all at once."""


class RequestTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"A call may bring {MAX_BODY_BYTES:,} bytes. Send it in several."
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
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
            raise ParseError("JSON parse error - it is nested too deeply.") from error
