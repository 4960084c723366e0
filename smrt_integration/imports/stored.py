"""What is stored of the customers of a chunk's lines, read and locked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from customers.models import Consent
from customers.models.customer import CONTACT_FIELDS
from smrt_integration.imports.check_line import COLUMNS
from smrt_integration.imports.decide import (
    ABOUT_PHONE,
    OPTED_OUT_COLUMNS,
    StoredCustomer,
    consent_key,
)

CUSTOMER_COLUMNS: Final = tuple(
    dict.fromkeys(
        (
            *COLUMNS.values(),
            *ABOUT_PHONE,
            *OPTED_OUT_COLUMNS.values(),
            *CONTACT_FIELDS,
        )
    )
)
"""Columns of a customer that an import writes."""
# The index has no empty external ids. For many values at once, PostgreSQL has to be told that none
# of them is empty before it uses the index.
FIND_BY_EXTERNAL_ID: Final = """
SELECT c.id, c.external_id FROM customers_customer c
WHERE c.business_id = %s AND c.external_id = ANY (%s) AND NOT (c.external_id = '')
"""
READ: Final = f"""
SELECT c.id, {", ".join(f"c.{column}" for column in CUSTOMER_COLUMNS)}
FROM customers_customer c WHERE c.id = ANY (%s) ORDER BY c.id
"""
LOCK: Final = f"{READ} FOR NO KEY UPDATE SKIP LOCKED"
READ_CUSTOM: Final = """
SELECT v.customer_id, v.field_id, v.value FROM customers_customfieldvalue v
WHERE v.customer_id = ANY (%s)
"""


def find_ids(cursor: Any, business_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """Return the ids of the business's customers by external id."""
    cursor.execute(FIND_BY_EXTERNAL_ID, [business_id, list(external_ids)])
    return {external_id: pk for pk, external_id in cursor.fetchall()}


def read_customers(
    cursor: Any, customer_ids: Sequence[int], *, lock: bool, with_custom: bool
) -> dict[int, StoredCustomer]:
    """Return what is stored, by id. With `lock`, customers whom a save holds are left out."""
    ids = list(customer_ids)
    cursor.execute(LOCK if lock else READ, [ids])
    rows = cursor.fetchall()
    custom: defaultdict[int, dict[int, str]] = defaultdict(dict)
    if with_custom:
        cursor.execute(READ_CUSTOM, [ids])
        for customer_id, field_id, value in cursor.fetchall():
            custom[customer_id][field_id] = value
    return {
        pk: StoredCustomer(pk, dict(zip(CUSTOMER_COLUMNS, values, strict=True)), custom.get(pk, {}))
        for pk, *values in rows
    }


def add_consents(customers: dict[int, StoredCustomer], customer_ids: Sequence[int]) -> None:
    """Add the consents that are kept of these customers, whose lines state one."""
    found: defaultdict[int, set[tuple[Any, ...]]] = defaultdict(set)
    kept = Consent.objects.filter(customer__in=customer_ids) if customer_ids else ()
    for consent in kept:
        found[consent.customer_id].add(
            consent_key(consent.choices, consent.given_by, consent.given_at, consent.how)
        )
    for pk, consents in found.items():
        if pk in customers:
            customers[pk].consents = frozenset(consents)
