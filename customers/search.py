"""Find records by what people type.

A person is found by first name, last name, both in any order, company and email, each by how it
begins; by phone in any notation, also by its last digits; and by id. An order is found by its
number and by its customer. Both are found by their external id, which must be whole. Accents,
capitals and most punctuation do not matter: see `customers.folding`.

`businesses` are the ids of those that the user may see; None is all of them. Every search is
bounded, reads indexes only, and tells when more match than it looked at.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet

from customers.composed import composed
from customers.folding import ascii_digits, escape_like, fold
from customers.name_words import FIRST_NAME, LAST_NAME, ways_to_begin
from customers.phones import ImpossibleNumber, normalise_phone
from customers.storable import UNSTORABLE

Businesses = Sequence[int] | None
Matching = tuple[QuerySet[Any], bool]
"""The rows that match, and whether more match than were looked at."""

LONGEST_TERM: Final = 200
"""Characters of a search that are read. No name is longer."""
MOST_FOUND: Final = 1_000
"""Customers, or orders, that one search looks at. Nobody reads more; people type more of a name."""
MOST_SPLITS: Final = 4
"""Ways to divide words into a last and a first name. Each costs two looks into an index."""
LEAST_DIGITS: Final = 4
"""A text with fewer digits is not read as a phone number: it would match too many customers."""
LEAST_DIGITS_OF_NUMBER: Final = 3
"""With fewer digits an order is found by its whole number only: a name begins many numbers."""
LEAST_DIALED: Final = 7
"""Fewer digits are no whole number in any country."""
MOST_COUNTRIES: Final = 20
"""Countries from which a number is dialed, in a search of support. Most are one calling code."""

PHONE: Final = re.compile(r"[-+()./\s\d\u00b7\u2010-\u2015\u2212]+")
EXTENSION: Final = re.compile(r"[\s,;]*(?:extension|ext\.?|x)\s*\d{1,6}\Z", re.IGNORECASE)
HOW_TO_SEARCH: Final = (
    "Search by name, company, phone, email or order number. The beginning is enough. Of a phone"
    " number, the last four digits are enough. An external ID has to be whole."
)
TOO_MANY: Final = (
    f"More than {MOST_FOUND:,} records match, so some are not shown. Type more of the name, or"
    " search by phone or email."
)

THESE_BUSINESSES: Final = "unnest(%(businesses)s::bigint[]) AS b (id)"
ALL_BUSINESSES: Final = "customers_business b"
FIND: Final = """
SELECT DISTINCT found.id FROM (
    SELECT matching.id FROM {businesses} CROSS JOIN LATERAL ({matches}) matching LIMIT %(enough)s
) found ORDER BY 1 DESC LIMIT %(most)s
"""
# Rows come in the order of the index: nothing is sorted, and whole names are before longer ones.
MATCH: Final = """
(SELECT r.id FROM {table} r WHERE r.business_id = b.id AND {condition}
ORDER BY {column} USING ~<~ LIMIT %(most)s)
"""
MATCH_WHOLE: Final = "(SELECT r.id FROM {table} r WHERE r.business_id = b.id AND {condition})"
FIND_COUNTRIES: Final = """
SELECT DISTINCT business.country FROM {businesses}
JOIN customers_business business ON business.id = b.id ORDER BY 1 LIMIT %(most)s
"""
FIND_OF: Final = """
SELECT found.id FROM unnest(%(parents)s::bigint[]) AS p (id)
CROSS JOIN LATERAL (SELECT r.id FROM {table} r WHERE r.{column} = p.id OFFSET 0) found
ORDER BY 1 DESC LIMIT %(most)s
"""
BEGINNINGS: Final = (
    LAST_NAME,
    FIRST_NAME,
    "customers_folded(r.company_name)",
    "customers_folded(r.email)",
)
NUMBER: Final = "customers_folded(r.number)"
PHONE_FROM_ITS_END: Final = "reverse(r.phone)"


@dataclass(frozen=True, slots=True)
class Term:
    """What was typed, in the forms in which it is looked for."""

    folded: str
    names: tuple[tuple[str, str], ...] = ()
    """The words divided into a last and a first name, in every way."""
    phone: str = ""
    """The text without an extension, when it can be a phone number."""
    uuid: UUID | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The ids that a search found, the newest first."""

    ids: tuple[int, ...] = ()
    more: bool = False
    """Whether more match than were looked at."""


def clean(typed: str) -> str:
    """Return the text without what no record can have, and with single spaces."""
    return " ".join(UNSTORABLE.sub("", typed)[:LONGEST_TERM].split())


def parse(typed: str) -> Term:
    """Read what was typed."""
    text = clean(typed)
    folded = fold(text)
    number = EXTENSION.sub("", text)
    is_phone = PHONE.fullmatch(number) and len(ascii_digits(number)) >= LEAST_DIGITS
    names = tuple(_names(folded.split(" ")))
    return Term(folded, names, number if is_phone else "", _uuid(text), composed(text))


def find_customers(typed: str, businesses: Businesses, most: int = MOST_FOUND) -> Found:
    """Return the customers that match."""
    term = parse(typed)
    query = _Query("customers_customer", businesses, most)
    if term.folded:
        for column in BEGINNINGS:
            query.match_start((column, term.folded))
    for last, first in term.names:
        query.match_start((LAST_NAME, last), (FIRST_NAME, first))
    for digits in _numbers(term.phone, query):
        query.match_start((PHONE_FROM_ITS_END, digits[::-1]), also="r.phone <> ''")
    query.match_ids(term)
    return query.run()


def find_orders(
    typed: str, businesses: Businesses, most: int = MOST_FOUND, *, whole_number: bool = False
) -> Found:
    """Return the orders with this number or id, or whose number begins so if it has digits."""
    term = parse(typed)
    query = _Query("customers_order", businesses, most)
    if term.folded:
        whole = whole_number or len(ascii_digits(term.folded)) < LEAST_DIGITS_OF_NUMBER
        query.match_start((NUMBER, term.folded), whole=whole)
    query.match_ids(term)
    return query.run()


def customers(rows: QuerySet[Any], typed: str, businesses: Businesses) -> Matching:
    """Return those of the customers that match, and whether there are more."""
    found = find_customers(typed, businesses)
    return rows.filter(pk__in=found.ids), found.more


def about_customers(rows: QuerySet[Any], typed: str, businesses: Businesses) -> Matching:
    """Return the rows (stops, pickups, visits, texts) of customers that match."""
    return _these(rows, _rows_of(rows.model, find_customers(typed, businesses)))


def orders(rows: QuerySet[Any], typed: str, businesses: Businesses) -> Matching:
    """Return the orders that match by their number, or by their customer."""
    people = find_customers(typed, businesses)
    return _these(rows, find_orders(typed, businesses), _rows_of(rows.model, people))


def line_items(rows: QuerySet[Any], typed: str, businesses: Businesses) -> Matching:
    """Return the items of the orders with this number, or whose number begins so."""
    found = find_orders(typed, businesses)
    return _these(rows, _rows_of(rows.model, found, "order_id"))


def incoming_texts(rows: QuerySet[Any], typed: str, businesses: Businesses) -> Matching:
    """Return the texts of customers that match, and those from a number that no customer has."""
    query = _Query(rows.model._meta.db_table, businesses, MOST_FOUND)
    for digits in _numbers(parse(typed).phone, query):
        query.match_start((PHONE_FROM_ITS_END, digits[::-1]))
    return _these(rows, _rows_of(rows.model, find_customers(typed, businesses)), query.run())


def customers_by_words(words: Sequence[str], business_id: int, most: int = MOST_FOUND) -> Found:
    """Return the customers of whom each folded word begins the last, first or company name."""
    query = _Query("customers_customer", [business_id], most)
    for starts in ways_to_begin(words):
        query.match_start(*starts)
    return query.run()


def _these(rows: QuerySet[Any], *found: Found) -> Matching:
    """Return the rows with the ids that were found.

    PostgreSQL reads them by their ids: with a condition on their customers it might read all rows
    in the order of the list until it has a page of them.
    """
    ids = [pk for part in found for pk in part.ids]
    return rows.filter(pk__in=ids), any(part.more for part in found)


def _rows_of(model: type[Model], parents: Found, column: str = "customer_id") -> Found:
    """Return the ids of the rows that refer to the customers, or orders, that were found."""
    if not parents.ids:
        return parents
    statement = FIND_OF.format(table=model._meta.db_table, column=column)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"parents": list(parents.ids), "most": MOST_FOUND + 1})
        ids = [pk for (pk,) in cursor.fetchall()]
    return Found(tuple(ids[:MOST_FOUND]), parents.more or len(ids) > MOST_FOUND)


class _Query:
    """One statement that looks for each form of a term in every business."""

    def __init__(self, table: str, businesses: Businesses, most: int) -> None:
        self._table = table
        self._businesses = ALL_BUSINESSES if businesses is None else THESE_BUSINESSES
        self._most = most
        self._values: dict[str, Any] = {"businesses": list(businesses or ()), "most": most + 1}
        self._matches: list[str] = []

    def match_start(self, *starts: tuple[str, str], whole: bool = False, also: str = "") -> None:
        """Look for rows whose columns begin like this."""
        conditions = [
            f"{column} LIKE {self._value(escape_like(start) + ('' if whole else '%'))}"
            for column, start in starts
        ]
        condition = " AND ".join([*conditions, also] if also else conditions)
        self._add(MATCH, condition=condition, column=starts[0][0])

    def match_ids(self, term: Term) -> None:
        if term.uuid:
            self._add(MATCH_WHOLE, condition=f"r.uuid = {self._value(term.uuid)}")
        if term.external_id:
            value = self._value(term.external_id)
            self._add(MATCH_WHOLE, condition=f"r.external_id = {value} AND r.external_id <> ''")

    def _value(self, value: Any) -> str:
        name = f"value_{len(self._values)}"
        self._values[name] = value
        return f"%({name})s"

    def _add(self, match: str, **parts: str) -> None:
        self._matches.append(match.format(table=self._table, **parts))

    def run(self) -> Found:
        if not self._matches:
            return Found()
        statement = FIND.format(
            businesses=self._businesses, matches=" UNION ALL ".join(self._matches)
        )
        # A row may match in several ways.
        enough = self._values["most"] * len(self._matches)
        ids = self._execute(statement, enough=enough)
        return Found(tuple(ids[: self._most]), more=len(ids) > self._most)

    def countries(self) -> list[str]:
        return self._execute(
            FIND_COUNTRIES.format(businesses=self._businesses), most=MOST_COUNTRIES
        )

    def _execute(self, statement: str, **values: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self._values | values)
            return [value for (value,) in cursor.fetchall()]


def _numbers(phone: str, query: _Query) -> list[str]:
    """Return how stored numbers (E.164) may end that are meant by this text."""
    digits = ascii_digits(phone)
    if not digits:
        return []
    ends = [digits]
    if len(digits.lstrip("0")) >= LEAST_DIALED:
        # without the 0 that is dialed within a country, or the 00 that is dialed to another one
        ends.append(digits.lstrip("0"))
    if len(digits) >= LEAST_DIALED:
        for country in [None] if phone.startswith("+") else query.countries():
            with suppress(ImpossibleNumber):
                ends.append(normalise_phone(phone, country).removeprefix("+"))
    return list(dict.fromkeys(ends))


def _names(words: list[str]) -> Iterator[tuple[str, str]]:
    for n in range(1, min(len(words), MOST_SPLITS + 1)):
        one, other = " ".join(words[:n]), " ".join(words[n:])
        yield one, other
        yield other, one


def _uuid(text: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(text) if len(text) in {32, 36} else None
    return None
