"""What happened to the lines of an import: a page of them, and the refused ones as a file."""

import csv
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Final

from smrt_integration.exports.csv_lines import BYTE_ORDER_MARK, escaped
from smrt_integration.imports.models import CustomerImport, ImportLine
from smrt_integration.imports.read_lines import NotALine, csv_cells

LINES_SHOWN: Final = 50
LINES_PER_READ: Final = 1_000
"""Of a download: a fraction of a megabyte in memory."""


def in_words(customer_import: CustomerImport) -> str:
    """Return a sentence with the figures of an import."""
    it, would = customer_import, "would be " if customer_import.is_dry_run else ""
    figures = [
        f"{it.created:,} {would}new",
        f"{it.updated:,} {would}changed",
        f"{it.unchanged:,} unchanged",
        f"{it.refused:,} refused",
        f"{it.probable_duplicates:,} probable duplicates",
    ]
    return f"{it.get_state_display()}, {it.percent} %: {it.lines:,} lines, {', '.join(figures)}."


def preview_lines(
    customer_import: CustomerImport,
    after: int = 0,
    outcome: str = "",
    *,
    only_duplicates: bool = False,
    most: int = LINES_SHOWN,
) -> list[ImportLine]:
    """Return lines of the import after the line `after`, in the order of the file.

    `outcome` and `only_duplicates` leave others out. A page is followed by the one after its last
    line.
    """
    lines = ImportLine.objects.filter(customer_import=customer_import, number__gt=after)
    if outcome:
        lines = lines.filter(outcome=outcome)
    if only_duplicates:
        lines = lines.exclude(duplicate_of="")
    return list(lines.order_by("number")[:most])


def refused_lines_csv(customer_import: CustomerImport) -> Iterator[str]:
    """Return a CSV file of the refused lines: the line's number, the reason, and its cells.

    The cells have the headings of the file, so that the corrected file can be imported. A line of
    NDJSON is one cell.
    """
    is_csv = customer_import.kind == CustomerImport.Kind.CSV
    headings = [*customer_import.columns] if is_csv else ["Line as it was"]
    yield BYTE_ORDER_MARK + _as_csv_line(["Line number", "Why it was refused", *headings])
    after = 0
    while lines := preview_lines(
        customer_import, after, ImportLine.Outcome.REFUSED, most=LINES_PER_READ
    ):
        for line in lines:
            yield _as_csv_line([str(line.number), line.reason, *_cells(customer_import, line.raw)])
        after = lines[-1].number


def _cells(customer_import: CustomerImport, raw: str) -> list[str]:
    """Return the cells of a refused line, or the whole line if it cannot be divided."""
    if customer_import.kind == CustomerImport.Kind.CSV:
        with suppress(NotALine):
            return csv_cells(raw, customer_import.delimiter)
    return [raw]


def _as_csv_line(cells: list[str]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerow([escaped(cell) for cell in cells])
    return text.getvalue()
