"""The lines of an export: CSV for a spreadsheet, in an owner's words."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Final
from zoneinfo import ZoneInfo

from customers.models import Brand, Business, Customer
from events.send_log.entries import LogEntry
from events.timeline.sentences import title as event_title
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES

HEADINGS: Final = (
    "Happened",
    "Event",
    "Customer",
    "Email",
    "Brand",
    "Outcome",
    "Reason",
    "Outcome known",
    "Sent",
    "Attempts",
    "Message id",
    "Business",
    "Time zone",
)
# Excel recognises UTF-8 by it. Without it, accented letters are garbled.
BYTE_ORDER_MARK: Final = "\ufeff"
# A spreadsheet would run a cell that begins with one of these as a formula.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def heading_line() -> str:
    """Return the beginning of the file."""
    return BYTE_ORDER_MARK + _as_csv([HEADINGS])


def entry_lines(entries: Sequence[LogEntry]) -> str:
    return _as_csv([escaped(cell) for cell in row] for row in _rows(entries))


def _as_csv(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _rows(entries: Sequence[LogEntry]) -> Iterator[Sequence[str]]:
    businesses = Business.objects.in_bulk({entry.business_id for entry in entries})
    customers = Customer.objects.in_bulk({entry.customer_id for entry in entries})
    brands = Brand.objects.in_bulk({entry.brand_id for entry in entries})
    for entry in entries:
        yield _row(
            entry,
            businesses.get(entry.business_id),
            customers.get(entry.customer_id),
            brands.get(entry.brand_id),
        )


def _row(
    entry: LogEntry, business: Business | None, customer: Customer | None, brand: Brand | None
) -> Sequence[str]:
    zone = ZoneInfo(business.time_zone if business else "UTC")
    if customer and customer.business_id != entry.business_id:
        customer = None
    return (
        _moment(entry.occurred_at, zone),
        event_title(entry.event),
        str(customer or ""),
        customer.email if customer else "",
        str(brand or ""),
        OUTCOME_BADGES[entry.outcome].word,
        entry.reason,
        _moment(entry.settled_at, zone),
        _moment(entry.sent_at, zone) if entry.sent_at else "",
        str(entry.attempts),
        entry.message_id,
        str(business or ""),
        zone.key,
    )


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def escaped(cell: str) -> str:
    """Return the cell so that a spreadsheet shows it and does not run it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
