"""The next lines of a file, checked: what one transaction writes."""

from datetime import datetime
from typing import IO, Final

from events.models import Integration
from events.sweeps.past import due_birthdays
from smrt_integration.imports.apply_chunk import Chunk
from smrt_integration.imports.check_line import LineChecker, file_rules
from smrt_integration.imports.inspect_file import open_reader
from smrt_integration.imports.models import CustomerImport, ImportLine
from smrt_integration.imports.read_lines import FileLine

IMPORT_CHUNK_LINES: Final = 500
"""Lines of a transaction: a save may wait for as long as it takes."""
IMPORT_CHUNK_BYTES: Final = 2_000_000
"""What the lines of a chunk may take together. A usual line has some hundred bytes."""


class ImportRun:
    """Reads an import's file from its position on. What lines mean is looked up once."""

    def __init__(self, customer_import: CustomerImport, file: IO[bytes], now: datetime) -> None:
        self.now = now
        self._import = customer_import
        self._reader = open_reader(customer_import, file)
        business = customer_import.business
        is_month_first = customer_import.day_order == CustomerImport.DayOrder.MONTH_FIRST
        rules = file_rules(business, is_month_first, now)
        self._checker = LineChecker(customer_import.columns, rules)
        self._custom_names = {own.pk: own.name for own in rules.custom.values()}
        integration = Integration.objects.filter(business=business).first()
        self._birthday_field = integration.birthday_field_id if integration else None
        self._due_birthdays = (
            due_birthdays(business.time_zone, integration.birthday_hour, now) if integration else {}
        )

    def next_chunk(self) -> Chunk:
        """Return the next lines of the file or, after its end, those that were postponed."""
        lines: list[FileLine] = []
        size = 0
        for line in self._reader:
            if not line.is_empty:
                lines.append(line)
                size += len(line.raw)
            if len(lines) >= IMPORT_CHUNK_LINES or size >= IMPORT_CHUNK_BYTES:
                return self._chunk(lines)
        if not lines and self._import.postponed:
            return self._chunk(self._postponed(), is_last=True, are_postponed=True)
        return self._chunk(lines, is_last=True)

    def _postponed(self) -> list[FileLine]:
        rows = ImportLine.objects.filter(
            customer_import=self._import, outcome=ImportLine.Outcome.POSTPONED
        )
        lines = [
            FileLine(row.number, self._reader.position, self._reader.number, raw=row.raw)
            for row in rows.order_by("number")[:IMPORT_CHUNK_LINES]
        ]
        for line in lines:
            self._reader.parse(line)
        return lines

    def _chunk(
        self, lines: list[FileLine], *, is_last: bool = False, are_postponed: bool = False
    ) -> Chunk:
        return Chunk(
            [self._checker.check(line) for line in lines],
            self._reader.position,
            self._reader.number - 1,
            is_last,
            are_postponed,
            self._custom_names,
            self._birthday_field,
            self._due_birthdays,
        )
