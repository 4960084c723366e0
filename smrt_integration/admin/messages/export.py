"""The send log as a table for a spreadsheet, as long as it may be: fetched and sent in portions, so it takes neither much memory nor a
transaction that stays open."""

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
from events.send_log.filter import MessageFilter
from events.send_log.pages import LogEntry
from smrt_integration.admin.messages.filters import FilterForm, name_of
from smrt_integration.admin.messages.outcomes import OUTCOME_BADGES

if TYPE_CHECKING:
    from smrt_integration.admin.messages.list_admin import MessagesAdmin

PORTION: Final = 2_000
HEADINGS: Final = (
    *(
        "Happened",
        "Event",
        "Customer",
        "Email",
        "Brand",
        "Outcome",
        "Why",
        "Outcome known",
        "Sent",
        "Attempts",
        "Message id",
        "Business",
    ),
    "Time zone",
)
# Without it Excel takes the file for one of its own language's and spoils every accent.
BYTE_ORDER_MARK: Final = "\ufeff"
# A spreadsheet would take a cell that begins so for a formula, and a customer may call themselves anything.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """What is written is what `writerow` answers."""

    def write(self, line: str) -> str:
        return line


def view(request: HttpRequest, options: "MessagesAdmin") -> HttpResponseBase:
    if not options.has_view_permission(request):
        raise PermissionDenied
    form = FilterForm(request, with_outcome=True)
    matching = form.matching()
    name = slugify(form.business.name) if form.business else "all"
    response = StreamingHttpResponse(lines(matching), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="send-log-{name}-{timezone.now():%Y-%m-%d}.csv"'
    )
    return response


def lines(matching: MessageFilter) -> Iterator[str]:
    """Newest first, up to the newest entry there is now."""
    write = csv.writer(_Echo()).writerow
    yield BYTE_ORDER_MARK + str(write(HEADINGS))
    up_to, place = pages.newest_id(), None
    while True:
        page = pages.page(matching, PORTION, place, up_to=up_to)
        yield "".join(str(write([_harmless(cell) for cell in row])) for row in _rows(page.entries))
        if not page.more:
            return
        place = page.entries[-1].place


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
    theirs = customer if customer and customer.business_id == entry.business_id else None
    return (
        _moment(entry.occurred_at, zone),
        name_of(entry.event),
        str(theirs or ""),
        theirs.email if theirs else "",
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


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell
