"""The send log as a CSV file for a spreadsheet.

Rows are read and sent in chunks: an export of any length takes little memory and no long
transaction.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify

from customers.models import Brand, Business, Customer
from events.send_log import pages
from events.send_log.entries import LogEntry
from events.send_log.filter import MessageFilter
from events.timeline.sentences import title as event_title
from smrt_integration.admin.messages.filters import FilterForm
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES

if TYPE_CHECKING:
    from smrt_integration.admin.messages.list_admin import MessagesAdmin

EXPORT_CHUNK_SIZE: Final = 2_000
"""Rows per query and per piece of the response; 2,000 take about a megabyte."""
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


class _LineWriter:
    """Makes `writerow` return the line: it returns what `write` returns."""

    def write(self, line: str) -> str:
        return line


def view(request: HttpRequest, options: "MessagesAdmin") -> HttpResponseBase:
    if not options.has_view_permission(request):
        raise PermissionDenied
    form = FilterForm(request, with_outcome=True)
    matching = form.message_filter()
    name = slugify(form.business.name) if form.business else "all"
    response = StreamingHttpResponse(lines(matching), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="send-log-{name}-{timezone.now():%Y-%m-%d}.csv"'
    )
    return response


def lines(matching: MessageFilter) -> Iterator[str]:
    """Return the lines of the file, newest first, without entries logged after the start."""
    write = csv.writer(_LineWriter()).writerow
    yield BYTE_ORDER_MARK + str(write(HEADINGS))
    up_to, place = pages.newest_id(), None
    while True:
        page = pages.page(matching, EXPORT_CHUNK_SIZE, place, up_to=up_to)
        yield "".join(str(write([_escaped(cell) for cell in row])) for row in _rows(page.entries))
        if not page.more:
            return
        place = page.entries[-1].position


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


def _escaped(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
