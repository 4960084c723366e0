"""The headings of a file and its delimiter. A file that cannot be imported at all is refused."""

from dataclasses import dataclass
from itertools import islice
from typing import IO, Final

from customers import storable
from customers.errors import ActionRefused
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.read_lines import CsvReader, LineReader, NdjsonReader

DELIMITERS: Final = (",", ";", "\t", "|")
"""The first of those that fit equally well is taken."""
LINES_COMPARED: Final = 20
LINES_WITH_NAMES: Final = 200
"""Lines of NDJSON whose names are offered as columns. In later lines, names of the API are read."""
MAX_HEADINGS: Final = 500
EXAMPLES: Final = 3


@dataclass(slots=True)
class Inspected:
    """What a file's beginning says."""

    delimiter: str
    headings: list[str]
    position: int
    """The byte at which the first customer begins."""
    line_number: int
    """The lines before that."""


def inspect_file(file: IO[bytes], encoding: str, kind: str) -> Inspected:
    """Return the headings. Raises ActionRefused that names the heading at fault."""
    if kind == CustomerImport.Kind.NDJSON:
        return Inspected("", _names(file, encoding), 0, 0)
    delimiter = _delimiter(file, encoding)
    reader = CsvReader(file, encoding, 0, 1, delimiter)
    for line in reader:
        cells = [*line.cells.values()]
        if line.reason:
            raise ActionRefused(f"The first line cannot be read. {line.reason}", "invalid", "file")
        if not any(cells) or _names_the_delimiter(line.raw):
            continue
        return Inspected(delimiter, _checked(cells), line.next_byte, line.next_number - 1)
    raise ActionRefused("This file is empty.", "empty", "file")


def open_reader(customer_import: CustomerImport, file: IO[bytes]) -> LineReader:
    """Return a reader that goes on at the import's position in its file."""
    position, number = customer_import.position, customer_import.line_number + 1
    if customer_import.kind == CustomerImport.Kind.NDJSON:
        return NdjsonReader(file, customer_import.encoding, position, number)
    return CsvReader(
        file,
        customer_import.encoding,
        position,
        number,
        customer_import.delimiter,
        [*customer_import.columns],
    )


def _delimiter(file: IO[bytes], encoding: str) -> str:
    """Return the delimiter by which most lines have as many cells as the first one."""
    return max(DELIMITERS, key=lambda delimiter: _fit(file, encoding, delimiter))


def _fit(file: IO[bytes], encoding: str, delimiter: str) -> tuple[int, int]:
    lines = [
        [*line.cells.values()]
        for line in islice(CsvReader(file, encoding, 0, 1, delimiter), LINES_COMPARED)
        if any(line.cells.values()) and not _names_the_delimiter(line.raw)
    ]
    if not lines or len(lines[0]) == 1:
        return 0, 0
    return sum(len(cells) == len(lines[0]) for cells in lines), len(lines[0])


def _names_the_delimiter(raw: str) -> bool:
    """Return whether this is a line for Excel, such as `sep=;`."""
    text = raw.strip().strip('"').casefold()
    return text.startswith("sep=") and len(text) <= len("sep=;")


def _checked(cells: list[str]) -> list[str]:
    """Return the headings without empty ones at the end."""
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MAX_HEADINGS:
        raise ActionRefused(
            f"The first line has {len(cells)} headings, more than {MAX_HEADINGS}. Is it the line "
            "with the headings?",
            "too_many_headings",
            "file",
        )
    seen: dict[str, int] = {}
    for number, heading in enumerate(cells, 1):
        if not heading:
            raise ActionRefused(
                f"Column {number} has no heading. Write one into the first line of the file.",
                "heading_missing",
                "file",
            )
        if reason := storable.problem(heading):
            raise ActionRefused(f"The heading of column {number}: {reason}", "invalid", "file")
        if heading.casefold() in seen:
            raise ActionRefused(
                f'The heading "{heading}" is there twice: in columns {seen[heading.casefold()]} '
                f"and {number}. Rename one of them.",
                "heading_twice",
                "file",
            )
        seen[heading.casefold()] = number
    return cells


def _names(file: IO[bytes], encoding: str) -> list[str]:
    names: dict[str, None] = {}
    reader = NdjsonReader(file, encoding, 0, 1)
    lines = list(islice(reader, LINES_WITH_NAMES))
    for line in lines:
        names.update(dict.fromkeys(line.cells))
    if not any(line.cells for line in lines):
        reason = next((line.reason for line in lines if line.reason), "This file is empty.")
        raise ActionRefused(f"No customer was found in the file. {reason}", "empty", "file")
    return _checked([*names])
