"""Copy a file that was sent, in an encoding that can be read from any line on.

Whoever sends a file says nothing about its encoding, and spreadsheet programs write several. A file
in UTF-16 becomes UTF-8. What is not UTF-8 is read as Windows-1252, which is said to the user.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

from customers.errors import ActionRefused

PIECE: Final = 1 << 20
UTF8: Final = "utf-8"
WINDOWS: Final = "cp1252"
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Those that begin like a shorter one come first."""
HEAD: Final = 4_096
ZEROS_OF_UTF16: Final = 0.3
"""The share of zero bytes at every second place, from which on a text is UTF-16 without a mark."""
NO_TEXT: Final = (
    (b"PK\x03\x04", "This is an Excel file or an archive. Save the table as CSV and choose that."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel file. Save the table as CSV and choose that."),
    (b"%PDF", "This is a PDF. Choose a CSV file."),
    (b"\x1f\x8b", "This file is compressed. Unpack it and choose the CSV file in it."),
)


@dataclass(slots=True)
class KeptEncoding:
    """How the copy is encoded, and how many bytes it has."""

    encoding: str
    size: int


def copy_as_text(source: IO[bytes], target: IO[bytes]) -> KeptEncoding:
    """Copy the file, piece by piece. Raises ActionRefused for one that is no text."""
    head = _read(source, HEAD)
    for start, sentence in NO_TEXT:
        if head.startswith(start):
            raise ActionRefused(sentence, "not_text", "file")
    mark, encoding = _encoding_at_start(head)
    pieces = _pieces(source, head[len(mark) :])
    # Very old programs for the Mac end lines so.
    only_returns = b"\r" in head and b"\n" not in head
    if encoding in (UTF8, ""):
        counted = Utf8Count()
        size = _write(_with_line_feeds(counted.over(pieces), only_returns), target)
        return KeptEncoding(UTF8 if mark or counted.is_utf8() else WINDOWS, size)
    text = _as_utf8(pieces, encoding)
    only_returns = b"\n" not in head.decode(encoding, "replace").encode(UTF8, "replace") and (
        "\r" in head.decode(encoding, "replace")
    )
    return KeptEncoding(UTF8, _write(_with_line_feeds(text, only_returns), target))


def _encoding_at_start(head: bytes) -> tuple[bytes, str]:
    """Return the byte-order mark and its encoding. "" is an encoding that is yet to be found."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return mark, encoding
    if head:
        share = len(head) / 2 * ZEROS_OF_UTF16
        if head[1::2].count(0) > share and head[1::2].count(0) > 2 * head[::2].count(0):
            return b"", "utf-16-le"
        if head[::2].count(0) > share and head[::2].count(0) > 2 * head[1::2].count(0):
            return b"", "utf-16-be"
    return b"", ""


class Utf8Count:
    """Counts letters beyond ASCII that are UTF-8, and bytes that are not."""

    def __init__(self) -> None:
        self._wrong = 0
        self._letters = 0

    def over(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        decoder: Any = codecs.getincrementaldecoder(UTF8)("replace")
        for piece in pieces:
            self._count(decoder.decode(piece), piece)
            yield piece
        self._count(decoder.decode(b"", final=True), b"\xff")

    def is_utf8(self) -> bool:
        """Return whether it is UTF-8, if perhaps with some lines that are not."""
        return self._wrong == 0 or self._letters > self._wrong

    def _count(self, text: str, piece: bytes) -> None:
        if piece.isascii():
            return
        wrong = text.count("\ufffd")
        self._wrong += wrong
        self._letters += len(text) - wrong - len(text.encode("ascii", "ignore"))


def _as_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the text as UTF-8. Half a character stays one, so that its line is refused."""
    decoder: Any = codecs.getincrementaldecoder(encoding)("surrogatepass")
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode(UTF8, "surrogatepass")
        yield decoder.decode(b"", final=True).encode(UTF8, "surrogatepass")
    except UnicodeDecodeError as error:
        raise ActionRefused(
            "The file ends in the middle of a character. Save it again, as CSV in UTF-8.",
            "not_text",
            "file",
        ) from error


def _with_line_feeds(pieces: Iterator[bytes], only_returns: bool) -> Iterator[bytes]:
    return (piece.replace(b"\r", b"\n") for piece in pieces) if only_returns else pieces


def _pieces(source: IO[bytes], head: bytes) -> Iterator[bytes]:
    yield head
    while piece := _read(source, PIECE):
        yield piece


def _read(source: IO[bytes], size: int) -> bytes:
    """Read this many bytes, less only at the end. A network may give fewer at a time."""
    parts: list[bytes] = []
    while size and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(pieces: Iterator[bytes], target: IO[bytes]) -> int:
    size = 0
    for piece in pieces:
        target.write(piece)
        size += len(piece)
    return size
