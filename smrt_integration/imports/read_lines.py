"""Read the lines of a stored file, from any line on, at constant memory.

Stored files are UTF-8 or Windows-1252 (see `keep_file`), so a line break is one byte. A line here
is a record of CSV, which may have quoted line breaks, or a line of NDJSON. What cannot be read is a
line with the reason, and reading goes on after it.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

MAX_LINE_BYTES: Final = 1_000_000
"""A customer takes some hundred bytes. A chunk of lines stays in memory at once."""
MAX_QUOTED_BREAKS: Final = 1_000
"""A cell with more line breaks has a quotation mark too many, and would swallow other customers."""
MAX_RAW: Final = 2_000
"""Characters of a refused line that are kept."""
DEEPEST: Final = 2
"""An address or custom fields within a customer. Nothing has more."""

TOO_LONG: Final = (
    f"This line is longer than {MAX_LINE_BYTES:,} bytes. It is no customer, or a line break is "
    "missing."
)
NEVER_CLOSED: Final = (
    'A quotation mark (") is opened in this line and not closed. Remove it, or write it twice '
    "within a quoted cell."
)
WRONG_ENCODING: Final = (
    "This line has bytes that are not text in {encoding}. Save the file as UTF-8 and import it "
    "again."
)
BREAK_OUTSIDE: Final = (
    "This line has a line break outside of quotation marks. Remove it, or quote the cell."
)
NO_OBJECT: Final = "This line is not a JSON object. Write one customer as an object in each line."
QUOTE: Final = b'"'
OWN_FIELDS: Final = "custom_fields"
# Python's own limit is shorter than a line may be.
csv.field_size_limit(MAX_LINE_BYTES + 1)


class NotALine(ValueError):
    """A line that is no customer. The message is a sentence with the remedy."""


@dataclass(slots=True)
class FileLine:
    """One line of the file, and where the next one begins."""

    number: int
    """Where it begins, from 1. Line breaks within quoted cells count."""
    next_byte: int
    next_number: int
    cells: Mapping[str, str] = field(default_factory=dict)
    """The text of each heading; in NDJSON, of each name. An empty or missing cell is left out."""
    reason: str = ""
    """Why the line cannot be read."""
    raw: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.cells and not self.reason


class LineReader:
    """Reads lines from `file`, where line `number` begins at the byte `position`.

    Both go on with each line that is read.
    """

    def __init__(self, file: IO[bytes], encoding: str, position: int, number: int) -> None:
        self._file = file
        self._encoding = encoding
        self.position = position
        self.number = number
        file.seek(position)

    def __iter__(self) -> Iterator[FileLine]:
        while (line := self._next()) is not None:
            yield line

    def _next(self) -> FileLine | None:
        number = self.number
        record, reason = self._record()
        if not record:
            return None
        line = FileLine(number, self.position, self.number)
        if not reason:
            try:
                line.raw = record.decode(self._encoding)
            except UnicodeDecodeError:
                reason = WRONG_ENCODING.format(encoding=self._encoding)
        if reason:
            line.reason = reason
            line.raw = record[: MAX_RAW * 4].decode(self._encoding, "replace")[:MAX_RAW]
        else:
            self.parse(line)
        return line

    def parse(self, line: FileLine) -> None:
        """Set the line's cells from its raw text, or the reason why there are none."""
        raise NotImplementedError

    def _record(self) -> tuple[bytes, str]:
        """Read the bytes of the next line. Returns them, or their beginning, and what is wrong."""
        return self._physical_line()

    def _physical_line(self) -> tuple[bytes, str]:
        piece = self._file.readline(MAX_LINE_BYTES)
        self.position += len(piece)
        if piece:
            self.number += 1
        if len(piece) < MAX_LINE_BYTES or piece.endswith(b"\n"):
            return piece, ""
        rest = piece
        while rest and not rest.endswith(b"\n"):
            rest = self._file.readline(MAX_LINE_BYTES)
            self.position += len(rest)
        return piece, TOO_LONG

    def _return_to(self, position: int, number: int) -> None:
        self._file.seek(position)
        self.position, self.number = position, number


class CsvReader(LineReader):
    """Reads the records of a CSV file. Without headings, the cells are numbered from 0."""

    def __init__(
        self,
        file: IO[bytes],
        encoding: str,
        position: int,
        number: int,
        delimiter: str,
        headings: list[str] | None = None,
    ) -> None:
        super().__init__(file, encoding, position, number)
        self._delimiter = delimiter
        self._separator = delimiter.encode()
        self._headings = headings

    def _record(self) -> tuple[bytes, str]:
        first, reason = self._physical_line()
        if reason or not _is_open(first, self._separator):
            return first, reason
        after_first = self.position, self.number
        parts, size, is_open = [first], len(first), True
        while is_open and size <= MAX_LINE_BYTES and len(parts) <= MAX_QUOTED_BREAKS:
            part, reason = self._physical_line()
            if reason or not part:
                break
            parts.append(part)
            size += len(part)
            is_open = _is_open(part, self._separator, in_quotes=True)
        if is_open:
            # What follows is likely other customers, so it is read as such.
            self._return_to(*after_first)
            return first, NEVER_CLOSED
        return b"".join(parts), ""

    def parse(self, line: FileLine) -> None:
        try:
            cells = csv_cells(line.raw, self._delimiter)
        except NotALine as error:
            line.reason, line.raw = str(error), line.raw[:MAX_RAW]
            return
        if self._headings is None:
            line.cells = {str(number): cell for number, cell in enumerate(cells)}
            return
        wanted = len(self._headings)
        beyond = cells[wanted:]
        if any(beyond) or (len(cells) < wanted and any(cells)):
            line.reason = (
                f"This line has {_cells(len(cells))}, but there are {_headings(wanted)}. Is a "
                "quotation mark or a separator missing, or one too many?"
            )
            line.raw = line.raw[:MAX_RAW]
            return
        line.cells = {
            heading: cell for heading, cell in zip(self._headings, cells, strict=False) if cell
        }


class NdjsonReader(LineReader):
    """Reads lines of JSON. Nested names are joined by a point: `address.city`."""

    def parse(self, line: FileLine) -> None:
        text = line.raw.strip()
        if not text:
            return
        try:
            line.cells = _flat(json.loads(text))
        except (ValueError, RecursionError) as error:
            line.reason = str(error) if isinstance(error, NotALine) else NO_OBJECT
            line.raw = line.raw[:MAX_RAW]


def csv_cells(text: str, delimiter: str) -> list[str]:
    """Return the cells of one record, without the space around them and without formulas.

    Raises NotALine.
    """
    try:
        # As one text: its line breaks are within quotation marks.
        rows = list(csv.reader([text.rstrip("\r\n")], delimiter=delimiter))
    except csv.Error as error:
        raise NotALine(BREAK_OUTSIDE) from error
    return [_plain(cell) for row in rows for cell in row]


FORMULA_BEFORE: Final = ("=", "+", "-", "@")


def _plain(cell: str) -> str:
    """Return the text that a spreadsheet shows for the cell. No formula is computed.

    Spreadsheets write ="0042" to keep zeros, and an apostrophe before what would be a formula.
    """
    text = cell.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    if text.startswith("'") and text[1:].startswith(FORMULA_BEFORE):
        return text[1:]
    return text


def _is_open(line: bytes, separator: bytes, in_quotes: bool = False) -> bool:
    """Return whether a quoted cell goes on after this line, as Python's csv module reads it."""
    if not in_quotes and QUOTE not in line:
        return False
    at = 0
    while True:
        if in_quotes:
            at = line.find(QUOTE, at) + 1
            if not at:
                return True
            if line[at : at + 1] == QUOTE:
                at += 1
                continue
            in_quotes = False
        elif line[at : at + 1] == QUOTE:
            in_quotes, at = True, at + 1
            continue
        at = line.find(separator, at) + 1
        if not at:
            return False


def _flat(value: Any, before: str = "", depth: int = 0) -> dict[str, str]:
    """Return the texts of a JSON object by name. Null is left out.

    Raises NotALine.
    """
    if not isinstance(value, dict):
        raise NotALine(NO_OBJECT)
    flat: dict[str, str] = {}
    for name, each in value.items():
        full = f"{before}{name}"
        if full == OWN_FIELDS and isinstance(each, list):
            flat |= _flat(_by_name(each), f"{full}.", depth + 1)
        elif isinstance(each, dict) and depth + 1 < DEEPEST:
            flat |= _flat(each, f"{full}.", depth + 1)
        elif isinstance(each, dict | list):
            raise NotALine(f"{full} is a list or an object. Write a text, a number or null.")
        elif each is not None and (text := _text(each)):
            flat[full] = text
    return flat


def _by_name(values: list[Any]) -> dict[str, Any]:
    """Return custom fields by name, from the list that the API shows."""
    try:
        return {str(each["name"]): each["value"] for each in values}
    except (KeyError, TypeError) as error:
        raise NotALine(
            'Write custom_fields as an object, such as {"Birthday": "1990-05-04"}.'
        ) from error


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"


def _headings(count: int) -> str:
    return f"{count} heading{'' if count == 1 else 's'}"
