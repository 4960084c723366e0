"""Probable duplicates: other customers with the same phone number or email address.

They are shown and not merged: a family shares a phone. Who it is decides the business.
"""

from collections.abc import Sequence
from typing import Any, Final

from customers.models import Customer
from events.outbox.lane_order import MAX_ID
from smrt_integration.imports.decide import LineDecision, Outcome
from smrt_integration.imports.write_customers import as_json

# One probe of an index each. The index of emails has them folded, which drops signs.
OTHER: Final = """
SELECT c.id, c.{column} AS same FROM customers_customer c
WHERE c.business_id = %(business_id)s AND {found} AND c.id < new.before AND c.id <> new.id
LIMIT 1
"""
SAME_PHONE: Final = OTHER.format(column="phone", found="c.phone = new.phone AND NOT (c.phone = '')")
SAME_EMAIL: Final = OTHER.format(
    column="email",
    found="customers_folded(c.email) = customers_folded(new.email) "
    "AND lower(c.email) = lower(new.email) AND new.email <> ''",
)
AMONG_CUSTOMERS: Final = f"""
SELECT new.number, found.id, found.same
FROM json_to_recordset(%(rows)s)
    AS new (number bigint, id bigint, before bigint, phone text, email text)
CROSS JOIN LATERAL (({SAME_PHONE}) UNION ALL ({SAME_EMAIL}) LIMIT 1) found
"""
# In a dry run no customer is there for the earlier lines of the file.
SAME_IN_FILE: Final = """
SELECT l.number, l.{column} AS same FROM smrt_integration_importline l
WHERE l.customer_import_id = %(import_id)s AND l.{column} = new.{column}
    AND NOT (l.{column} = '') AND l.number < new.number
LIMIT 1
"""
AMONG_LINES: Final = f"""
SELECT new.number, found.number, found.same
FROM json_to_recordset(%(rows)s) AS new (number bigint, phone text, email text)
CROSS JOIN LATERAL (
    ({SAME_IN_FILE.format(column="phone")}) UNION ALL ({SAME_IN_FILE.format(column="email")})
    LIMIT 1
) found
"""


def note_duplicates(cursor: Any, business_id: int, decisions: Sequence[LineDecision]) -> None:
    """Set `duplicate_of` of lines that bring a phone or an email of another customer."""
    rows = [
        {
            "number": decision.line.number,
            "id": decision.customer_id or 0,
            # Of two new customers, the later one is noted.
            "before": decision.customer_id
            if decision.customer_id and decision.outcome == Outcome.CREATED
            else MAX_ID,
            "phone": phone_of(decision),
            "email": email_of(decision),
        }
        for decision in decisions
        if phone_of(decision) or email_of(decision)
    ]
    if not rows:
        return
    cursor.execute(AMONG_CUSTOMERS, {"business_id": business_id, "rows": as_json(rows)})
    found = {number: (pk, same) for number, pk, same in cursor.fetchall()}
    others = Customer.objects.in_bulk({pk for pk, _ in found.values()})
    for decision in decisions:
        pk, same = found.get(decision.line.number, (0, ""))
        if pk in others:
            decision.duplicate_of = _in_words(others[pk], same == phone_of(decision))


def note_duplicates_in_file(cursor: Any, import_id: int, decisions: Sequence[LineDecision]) -> None:
    """The same for a dry run, among its earlier lines. Those of this chunk are stored already."""
    rows = [
        {
            "number": decision.line.number,
            "phone": phone_of(decision),
            "email": email_of(decision).lower(),
        }
        for decision in decisions
        if not decision.duplicate_of and (phone_of(decision) or email_of(decision))
    ]
    if not rows:
        return
    cursor.execute(AMONG_LINES, {"import_id": import_id, "rows": as_json(rows)})
    found = {number: (other, same) for number, other, same in cursor.fetchall()}
    for decision in decisions:
        if decision.line.number in found:
            other, same = found[decision.line.number]
            what = "phone" if same == phone_of(decision) else "email"
            decision.duplicate_of = f"Same {what} as line {other}"


def phone_of(decision: LineDecision) -> str:
    """Return the phone that the line brings to its customer, "" if none."""
    return str(decision.values.get("phone", ""))


def email_of(decision: LineDecision) -> str:
    return str(decision.values.get("email", ""))


def _in_words(other: Customer, is_phone: bool) -> str:
    named = f" (external ID {other.external_id})" if other.external_id else ""
    return f"Same {'phone' if is_phone else 'email'} as {other}{named}"
