"""What happened to each line of an import, for its page."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from customers.models import Customer
from smrt_integration.imports.models import CustomerImport, ImportLine
from smrt_integration.imports.results import LINES_SHOWN, preview_lines

Outcome = ImportLine.Outcome
DUPLICATES: Final = "duplicates"
MAX_RAW_SHOWN: Final = 200
"""Characters of a refused line. The download has all of it."""
MAX_LINE_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice of lines, with how many there are."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line, in an owner's words. The addresses are empty where there is nothing to show."""

    number: int
    outcome: str
    is_refused: bool
    reason: str
    raw: str
    external_id: str
    customer_url: str
    duplicate: str
    duplicates_url: str


@dataclass(frozen=True, slots=True)
class LinesPage:
    tabs: list[Tab]
    chosen: str
    lines: list[ShownLine]
    is_later: bool
    """Whether it is not the first page."""
    following: str
    """The query of the next page, or empty."""


def lines_page(customer_import: CustomerImport, query: QueryDict) -> LinesPage:
    """Return the lines that the query asks for. An unknown choice shows all lines."""
    tabs = _tabs(customer_import)
    chosen = query.get("show", "")
    if chosen not in {tab.value for tab in tabs}:
        chosen = ""
    after = _after(query.get("after", ""))
    lines = preview_lines(
        customer_import,
        after,
        "" if chosen == DUPLICATES else chosen,
        only_duplicates=chosen == DUPLICATES,
        most=LINES_SHOWN + 1,
    )
    shown = lines[:LINES_SHOWN]
    following = ""
    if len(lines) > LINES_SHOWN:
        following = urlencode({"show": chosen, "after": shown[-1].number})
    return LinesPage(tabs, chosen, _shown(customer_import, shown), after > 0, following)


def _tabs(customer_import: CustomerImport) -> list[Tab]:
    kept = customer_import
    return [
        Tab("", "All", kept.lines),
        Tab(Outcome.CREATED, "New", kept.created),
        Tab(Outcome.UPDATED, "Changed", kept.updated),
        Tab(Outcome.UNCHANGED, "Nothing to change", kept.unchanged),
        Tab(Outcome.REFUSED, "Refused", kept.refused),
        Tab(DUPLICATES, "Probable duplicates", kept.probable_duplicates),
    ]


def _after(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else 0
    return min(number, MAX_LINE_NUMBER)


def _shown(customer_import: CustomerImport, lines: list[ImportLine]) -> list[ShownLine]:
    ids = [line.external_id for line in lines if line.external_id]
    customers = {
        customer.external_id: customer
        for customer in Customer.objects.filter(
            business=customer_import.business_id, external_id__in=ids
        ).exclude(external_id="")
    }
    return [_shown_line(line, customers.get(line.external_id)) for line in lines]


def _shown_line(line: ImportLine, customer: Customer | None) -> ShownLine:
    phone, email = (customer.phone, customer.email) if customer else (line.phone, line.email)
    same = phone if line.duplicate_of.startswith("Same phone") else email
    found = f"{reverse('admin:customers_customer_changelist')}?{urlencode({'q': same})}"
    return ShownLine(
        number=line.number,
        outcome=line.get_outcome_display(),
        is_refused=line.outcome == Outcome.REFUSED,
        reason=line.reason,
        raw=line.raw[:MAX_RAW_SHOWN],
        external_id=line.external_id,
        customer_url=reverse("admin:customers_customer_change", args=[customer.pk])
        if customer
        else "",
        duplicate=line.duplicate_of,
        duplicates_url=found if line.duplicate_of and same else "",
    )
