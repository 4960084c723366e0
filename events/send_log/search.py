"""The search box: a message id, an order number, or a customer's name, email or phone."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from django.db import connection

from customers.phones import ImpossibleNumber, normalise_phone
from events import catalogue
from events.send_log.filter import SearchResult

MOST_CUSTOMERS: Final = 50
"""Customers whose messages are shown. Each costs a look into every month of the log. Users whose
text matches more customers are asked to type more of it."""
LEAST_DIGITS: Final = 4
"""A text with fewer digits is not read as a phone number: it would match too many customers."""
MESSAGE_ID: Final = re.compile(r"[0-9a-fA-F]{32}")
PHONE: Final = re.compile(r"[-+()./\s\d]+")

EVENTS_OF_ORDER: Final = tuple(event.name for event in catalogue.events_of("customers.Order"))
EVENTS_OF_LINE_ITEM: Final = tuple(
    event.name for event in catalogue.events_of("customers.LineItem")
)

FIND_ORDER: Final = """
SELECT o.customer_id, o.id,
    ARRAY(SELECT item.id FROM customers_lineitem item WHERE item.order_id = o.id)
FROM {businesses} JOIN customers_order o
    ON o.business_id = b.id AND o.number IN (%(text)s, upper(%(text)s))
"""
FIND_COUNTRIES: Final = (
    "SELECT DISTINCT business.country FROM {businesses} "
    "JOIN customers_business business ON business.id = b.id"
)
FIND_CUSTOMERS: Final = """
SELECT DISTINCT c.id FROM (
    SELECT matching.id FROM {businesses} CROSS JOIN LATERAL ({matches}) matching LIMIT %(enough)s
) c ORDER BY 1 LIMIT %(most)s
"""
FIND_BY_CONDITION: Final = """
(SELECT c.id FROM customers_customer c WHERE c.business_id = b.id AND {condition} LIMIT %(most)s)
"""
THESE_BUSINESSES: Final = "unnest(%(businesses)s::bigint[]) AS b (id)"
ALL_BUSINESSES: Final = "customers_business b"

# Each condition has an index of its own. Two words are a first and a last name in either order, or
# a company.
NAME_CONDITIONS: Final = (
    "UPPER(c.last_name) LIKE UPPER(%(start)s)",
    "UPPER(c.first_name) LIKE UPPER(%(start)s)",
    "UPPER(c.company_name) LIKE UPPER(%(start)s)",
)
BOTH_NAMES_CONDITIONS: Final = (
    "UPPER(c.last_name) LIKE UPPER(%(second)s) AND UPPER(c.first_name) LIKE UPPER(%(first)s)",
    "UPPER(c.last_name) LIKE UPPER(%(first)s) AND UPPER(c.first_name) LIKE UPPER(%(second)s)",
)
EMAIL_CONDITIONS: Final = ("UPPER(c.email) LIKE UPPER(%(start)s)",)
PHONE_CONDITIONS: Final = ("c.phone <> '' AND reverse(c.phone) LIKE %(end_reversed)s",)


def search(text: str, businesses: Sequence[int] | None) -> SearchResult:
    """Return what the text matches in these businesses. None is all of them."""
    text = " ".join(text.replace(",", " ").replace("\0", "").split())
    if MESSAGE_ID.fullmatch(text):
        return SearchResult(message_id=text.lower())
    params = {"text": text, "businesses": None if businesses is None else list(businesses)}
    with connection.cursor() as cursor:
        return _find_order(cursor, params) or _find_customers(cursor, params)


def _find_order(cursor: Any, params: dict[str, Any]) -> SearchResult:
    cursor.execute(FIND_ORDER.format(businesses=_businesses(params)), params)
    rows = cursor.fetchmany(MOST_CUSTOMERS)
    subjects = [(event, order) for _, order, _ in rows for event in EVENTS_OF_ORDER]
    subjects += [
        (event, item) for _, _, items in rows for item in items for event in EVENTS_OF_LINE_ITEM
    ]
    customers = tuple(sorted({customer for customer, _, _ in rows}))
    return SearchResult(customers, subjects=tuple(subjects))


def _find_customers(cursor: Any, params: dict[str, Any]) -> SearchResult:
    text: str = params["text"]
    conditions: tuple[str, ...] = (*NAME_CONDITIONS, *EMAIL_CONDITIONS)
    values = {"start": _escaped(text) + "%"}
    if len(re.sub(r"\D", "", text)) >= LEAST_DIGITS and PHONE.fullmatch(text):
        conditions = PHONE_CONDITIONS
        values["end_reversed"] = _escaped(_phone_digits(cursor, params)[::-1]) + "%"
    elif "@" in text:
        conditions = EMAIL_CONDITIONS
    elif " " in text:
        first, _, second = text.rpartition(" ")
        conditions = (*conditions, *BOTH_NAMES_CONDITIONS)
        values |= {"first": _escaped(first) + "%", "second": _escaped(second) + "%"}
    most = MOST_CUSTOMERS + 1
    limits = {"most": most, "enough": most * len(conditions)}
    matches = " UNION ALL ".join(FIND_BY_CONDITION.format(condition=each) for each in conditions)
    statement = FIND_CUSTOMERS.format(businesses=_businesses(params), matches=matches)
    cursor.execute(statement, {**params, **values, **limits})
    ids = [customer_id for (customer_id,) in cursor.fetchall()]
    return SearchResult(tuple(ids[:MOST_CUSTOMERS]), more=len(ids) > MOST_CUSTOMERS)


def _phone_digits(cursor: Any, params: dict[str, Any]) -> str:
    """Return a complete number as it is stored, or else the digits of the text."""
    text = params["text"]
    cursor.execute(FIND_COUNTRIES.format(businesses=_businesses(params)), params)
    for (country,) in cursor.fetchall():
        with suppress(ImpossibleNumber):
            return normalise_phone(text, None if text.startswith("+") else country)
    return re.sub(r"\D", "", text)


def _businesses(params: dict[str, Any]) -> str:
    return ALL_BUSINESSES if params["businesses"] is None else THESE_BUSINESSES


def _escaped(text: str) -> str:
    """Return the text with LIKE's special characters escaped."""
    return re.sub(r"([\\%_])", r"\\\1", text)
