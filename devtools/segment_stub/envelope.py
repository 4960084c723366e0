"""Parse a request to the tracking API into a write key and messages, or a refusal. No I/O."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, NoReturn

MAX_REQUEST_BYTES: Final = 512_000
"""Segment's limit for one request, after gunzip (contract, section 4)."""

MAX_MESSAGE_BYTES: Final = 32_768
"""Segment's limit for one message: refused when sent alone, dropped silently inside a batch."""

MIN_WRITE_KEY_LENGTH: Final = 7
"""Shorter keys are answered 400, see the package's docstring; Segment publishes no number."""

BATCH_METHODS: Final = frozenset({"batch", "import"})
"""`import` is an alias of `batch`, for backfills. Both accept any timestamp."""

MESSAGE_TYPES: Final = frozenset({"identify", "track", "page", "screen", "group", "alias"})

TOO_LARGE: Final = "Exceed payload limit"
BAD_WRITE_KEY: Final = "An invalid write key was provided"
BAD_JSON: Final = "The body is not valid JSON"
BAD_GZIP: Final = "The body is not valid gzip"

_WHITESPACE: Final = re.compile(r"[ \t\n\r]*")


class PostedMessage(NamedTuple):
    """One message: parsed, as sent (UTF-8 JSON on one line), and its size in bytes as sent."""

    message: dict[str, Any]
    raw: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Envelope:
    """One request. `refusal` is the message of the response 400; then `messages` is empty."""

    write_key: str
    messages: list[PostedMessage] = field(default_factory=list)
    sent_at: object = None
    refusal: str = ""


class _Refused(ValueError):
    """The request is answered 400; the text is the message of the response."""


def open_envelope(method: str, headers: Mapping[str, str], body: bytes) -> Envelope:
    """Parse a request. `method` is the last part of the path.

    As at Segment, a write key in the body takes precedence over the one in the header.
    """
    key = _key_from_header(headers.get("Authorization", ""))
    try:
        plain = _plain(
            headers.get("Content-Encoding", ""),
            body,
            MAX_REQUEST_BYTES if method in BATCH_METHODS else MAX_MESSAGE_BYTES,
        )
        members = _members(plain, batched=method in BATCH_METHODS)
        key = _write_key(members, key)
        messages = (
            members.get("batch")
            if method in BATCH_METHODS
            else [_single(method, members, len(plain))]
        )
    except _Refused as refused:
        return Envelope(key, refusal=str(refused))
    return _checked(key, messages, members.get("sentAt"))


def _checked(key: str, messages: object, sent_at: object) -> Envelope:
    if len(key) < MIN_WRITE_KEY_LENGTH:
        return Envelope(key, refusal=BAD_WRITE_KEY)
    if not isinstance(messages, list):
        return Envelope(key, refusal="batch must be an array of messages")
    return Envelope(key, messages, sent_at)


def too_large(headers: Mapping[str, str]) -> Envelope:
    """Return the envelope of a request whose body is too large to be read."""
    return Envelope(_key_from_header(headers.get("Authorization", "")), refusal=TOO_LARGE)


def _key_from_header(authorization: str) -> str:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _write_key(members: Mapping[str, Any], header_key: str) -> str:
    key = members.get("writeKey")
    if key is None:
        return header_key
    if not isinstance(key, str):
        raise _Refused(BAD_WRITE_KEY)
    return key


def _plain(encoding: str, body: bytes, limit: int) -> bytes:
    plain = _gunzip(body, limit) if encoding.lower() == "gzip" else body
    if len(plain) > limit:
        raise _Refused(TOO_LARGE)
    return plain


def _gunzip(body: bytes, limit: int) -> bytes:
    """Inflate at most one byte over the limit, to be safe from decompression bombs."""
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise _Refused(BAD_GZIP) from None
    if len(plain) <= limit and (not inflater.eof or inflater.unused_data):
        raise _Refused(BAD_GZIP)
    return plain


def _single(method: str, members: dict[str, Any], size: int) -> PostedMessage:
    """Take the type from the endpoint, and the write key out of the message."""
    message = {name: value for name, value in members.items() if name != "writeKey"} | {
        "type": method
    }
    return PostedMessage(message, json.dumps(message).encode(), size)


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused(f"{BAD_JSON}: {name}")


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode


def _members(plain: bytes, *, batched: bool) -> dict[str, Any]:
    """Parse the body, with `batch` as `PostedMessage`s.

    `json.loads` is not enough: it loses the size of each message as it was sent.
    """
    try:
        return _read_body(plain.decode(), batched=batched)
    except _Refused:
        raise
    except (ValueError, RecursionError):
        raise _Refused(BAD_JSON) from None


def _read_body(text: str, *, batched: bool) -> dict[str, Any]:
    members: dict[str, Any] = {}
    at = _after(text, _skip(text, 0), "{")
    while not text.startswith("}", at):
        name, at = _decode(text, at)
        if not isinstance(name, str):
            raise ValueError
        at = _after(text, _skip(text, at), ":")
        is_batch = batched and name == "batch" and text.startswith("[", at)
        members[name], at = _read_batch(text, at) if is_batch else _decode(text, at)
        at = _next(text, at, "}")
    if _skip(text, at + 1) != len(text):
        raise ValueError
    return members


def _read_batch(text: str, at: int) -> tuple[list[PostedMessage], int]:
    batch: list[PostedMessage] = []
    at = _after(text, at, "[")
    while not text.startswith("]", at):
        message, end = _decode(text, at)
        if not isinstance(message, dict):
            raise _Refused("batch must hold nothing but objects")
        raw = text[at:end].encode()
        batch.append(PostedMessage(message, _on_one_line(raw), len(raw)))
        at = _next(text, end, "]")
    return batch, at + 1


def _on_one_line(raw: bytes) -> bytes:
    """Replace line breaks by spaces. A JSON string has no bare line break, so none is content."""
    return raw.replace(b"\n", b" ").replace(b"\r", b" ") if b"\n" in raw or b"\r" in raw else raw


def _skip(text: str, at: int) -> int:
    match = _WHITESPACE.match(text, at)
    return match.end() if match else at


def _after(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise ValueError
    return _skip(text, at + 1)


def _next(text: str, at: int, closing: str) -> int:
    """Return the position of the next member or of `closing`.

    Raises ValueError at a comma before `closing`.
    """
    at = _skip(text, at)
    if text.startswith(closing, at):
        return at
    at = _after(text, at, ",")
    if text.startswith(closing, at):
        raise ValueError
    return at
