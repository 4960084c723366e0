"""What an owner types into the search box: a message id, an order number, or a customer's name, email or phone."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.db import connection

from customers.phones import ImpossibleNumber, normalise_phone
from events import catalogue
from events.send_log.filter import SearchResult

MOST_CUSTOMERS: Final = 50
"""Whose messages are shown: each costs a look into every month. Who is meant is not among so many; more letters tell."""
LEAST_DIGITS: Final = 4
MESSAGE_ID: Final = re.compile(r"[0-9a-fA-F]{32}")
PHONE: Final = re.compile(r"[-+()./\s\d]+")

ORDER_EVENTS: Final = (catalogue.ORDER_CREATED, catalogue.ORDER_READY, catalogue.ORDER_RETURNED)

ORDER: Final = """
SELECT o.customer_id, o.id, ARRAY(SELECT i.id FROM customers_lineitem i WHERE i.order_id = o.id)
FROM {businesses} JOIN customers_order o ON o.business_id = b.id AND o.number IN (%(text)s, upper(%(text)s))
"""
COUNTRIES: Final = (
    "SELECT DISTINCT s.country FROM {businesses} JOIN customers_business s ON s.id = b.id"
)
CUSTOMERS: Final = """
SELECT DISTINCT found.id FROM (
    SELECT w.id FROM {businesses} CROSS JOIN LATERAL ({ways}) w LIMIT %(enough)s
) found ORDER BY 1 LIMIT %(most)s
"""
ONE_WAY: Final = "(SELECT c.id FROM customers_customer c WHERE c.business_id = b.id AND {condition} LIMIT %(most)s)"
GIVEN: Final = "unnest(%(businesses)s::bigint[]) AS b (id)"
ALL: Final = "customers_business b"

# Each by an index of its own. Who types two words means both names, in either order, or a company.
BY_NAME: Final = (
    "UPPER(c.last_name) LIKE UPPER(%(start)s)",
    "UPPER(c.first_name) LIKE UPPER(%(start)s)",
    "UPPER(c.company_name) LIKE UPPER(%(start)s)",
)
BY_BOTH_NAMES: Final = (
    "UPPER(c.last_name) LIKE UPPER(%(second)s) AND UPPER(c.first_name) LIKE UPPER(%(first)s)",
    "UPPER(c.last_name) LIKE UPPER(%(first)s) AND UPPER(c.first_name) LIKE UPPER(%(second)s)",
)
BY_EMAIL: Final = ("UPPER(c.email) LIKE UPPER(%(start)s)",)
BY_PHONE: Final = ("c.phone <> '' AND reverse(c.phone) LIKE %(ends)s",)


def find(text: str, businesses: Sequence[int] | None) -> SearchResult:
    """In these businesses; None for all."""
    text = " ".join(text.replace(",", " ").replace("\0", "").split())
    if MESSAGE_ID.fullmatch(text):
        return SearchResult(message_id=text.lower())
    asked = {"text": text, "businesses": None if businesses is None else list(businesses)}
    with connection.cursor() as cursor:
        return _order(cursor, asked) or _customers(cursor, asked)


def _order(cursor: Any, asked: dict[str, Any]) -> SearchResult:
    cursor.execute(ORDER.format(businesses=_of(asked)), asked)
    found = cursor.fetchmany(MOST_CUSTOMERS)
    subjects = [(event, order) for _, order, _ in found for event in ORDER_EVENTS]
    subjects += [
        (catalogue.ORDER_LINE_ITEM_RETURNED, item) for _, _, items in found for item in items
    ]
    return SearchResult(
        tuple(sorted({customer for customer, _, _ in found})), subjects=tuple(subjects)
    )


def _customers(cursor: Any, asked: dict[str, Any]) -> SearchResult:
    text: str = asked["text"]
    ways: tuple[str, ...]
    params: dict[str, Any]
    if len(re.sub(r"\D", "", text)) >= LEAST_DIGITS and PHONE.fullmatch(text):
        ways, params = BY_PHONE, {"ends": _escaped(_phone(cursor, asked)[::-1]) + "%"}
    elif "@" in text:
        ways, params = BY_EMAIL, {}
    else:
        ways, params = (*BY_NAME, *BY_EMAIL), {}
        if " " in text:
            first, _, second = text.rpartition(" ")
            ways, params = (
                (*ways, *BY_BOTH_NAMES),
                {"first": _escaped(first) + "%", "second": _escaped(second) + "%"},
            )
    most = MOST_CUSTOMERS + 1
    params |= {**asked, "start": _escaped(text) + "%", "most": most, "enough": most * len(ways)}
    each = " UNION ALL ".join(ONE_WAY.format(condition=condition) for condition in ways)
    cursor.execute(CUSTOMERS.format(businesses=_of(asked), ways=each), params)
    found = [row[0] for row in cursor.fetchall()]
    return SearchResult(tuple(found[:MOST_CUSTOMERS]), more=len(found) > MOST_CUSTOMERS)


def _phone(cursor: Any, asked: dict[str, Any]) -> str:
    """A whole number as it is kept, else the digits it ends with."""
    cursor.execute(COUNTRIES.format(businesses=_of(asked)), asked)
    for (country,) in cursor.fetchall():
        with suppress(ImpossibleNumber):
            return normalise_phone(
                asked["text"], None if asked["text"].startswith("+") else country
            )
    return re.sub(r"\D", "", asked["text"])


def _of(asked: dict[str, Any]) -> str:
    return ALL if asked["businesses"] is None else GIVEN


def _escaped(text: str) -> str:
    """As LIKE takes it for what it is."""
    return re.sub(r"([\\%_])", r"\\\1", text)
