"""Write the customers of a chunk, set by set. Signals are bypassed: an import makes no events.

All statements take their rows as one JSON text, so that neither their number of parameters nor
their text depends on the chunk.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

import orjson
from django.db import connection

from customers.models import Customer, Visit
from customers.models.consent import Consent
from smrt_integration.imports.decide import LineDecision

# A customer with the same external id who was created since: the line is tried again.
INSERT_NEW: Final = """
INSERT INTO customers_customer ({columns})
SELECT {columns} FROM json_to_recordset(%s) AS new ({types})
ON CONFLICT (business_id, external_id) WHERE NOT (external_id = '') DO NOTHING
RETURNING external_id, id
"""
UPDATE_CHANGED: Final = """
UPDATE customers_customer c SET {assignments}
FROM json_to_recordset(%s) AS new (id bigint, {types})
WHERE c.id = new.id AND c.id = ANY (%s)
"""
UPSERT_CUSTOM: Final = """
INSERT INTO customers_customfieldvalue (customer_id, field_id, value, updated_at)
SELECT new.customer_id, new.field_id, new.value, %s
FROM json_to_recordset(%s) AS new (customer_id bigint, field_id bigint, value text)
ORDER BY new.customer_id, new.field_id
ON CONFLICT (customer_id, field_id) DO UPDATE
    SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at
"""
# A signup is the visit of its day (contract, section 2). Of customers whose signup is not known,
# none is recorded.
INSERT_SIGNUPS: Final = f"""
INSERT INTO customers_visit (business_id, customer_id, day, visit_type, at)
SELECT c.business_id, c.id, (c.created_at AT TIME ZONE b.time_zone)::date,
    '{Visit.Type.SIGNUP}', c.created_at
FROM customers_customer c JOIN customers_business b ON b.id = c.business_id
WHERE c.id = ANY (%s)
ORDER BY c.id
ON CONFLICT (customer_id, day) DO NOTHING
"""


def insert_customers(
    cursor: Any, business_id: int, decisions: Sequence[LineDecision]
) -> dict[str, int]:
    """Insert new customers. Returns their ids by external id, without those that exist by now."""
    if not decisions:
        return {}
    columns, defaults = _insertable()
    rows = [
        {
            **{name: default() for name, default in defaults.items()},
            **decision.values,
            "business_id": business_id,
            "external_id": decision.line.external_id,
        }
        for decision in decisions
    ]
    statement = INSERT_NEW.format(columns=", ".join(columns), types=_types(columns))
    cursor.execute(statement, [as_json(rows)])
    return dict(cursor.fetchall())


def update_customers(cursor: Any, decisions: Iterable[LineDecision]) -> None:
    """Update the locked customers. Only columns that change in some line are written."""
    changed = [
        (decision.stored, decision.values)
        for decision in decisions
        if decision.values and decision.stored is not None
    ]
    if not changed:
        return
    columns = sorted({name for _, values in changed for name in values})
    rows = [
        {"id": stored.id} | {name: values.get(name, stored.values[name]) for name in columns}
        for stored, values in changed
    ]
    assignments = ", ".join(f"{name} = new.{name}" for name in columns)
    statement = UPDATE_CHANGED.format(assignments=assignments, types=_types(columns))
    cursor.execute(statement, [as_json(rows), [row["id"] for row in rows]])


def upsert_custom_values(cursor: Any, decisions: Iterable[LineDecision], now: datetime) -> None:
    rows = [
        {"customer_id": decision.customer_id, "field_id": field_id, "value": value}
        for decision in decisions
        for field_id, value in decision.custom.items()
    ]
    if rows:
        cursor.execute(UPSERT_CUSTOM, [now, as_json(rows)])


def insert_consents(decisions: Iterable[LineDecision], business_id: int, by: str) -> None:
    Consent.objects.bulk_create(
        Consent(
            business_id=business_id,
            customer_id=decision.customer_id,
            recorded_by=by,
            **decision.consent,
        )
        for decision in decisions
        if decision.consent and decision.customer_id is not None
    )


def insert_signups(cursor: Any, customer_ids: Sequence[int]) -> None:
    if customer_ids:
        cursor.execute(INSERT_SIGNUPS, [list(customer_ids)])


@cache
def _insertable() -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the columns of a new customer, and what those get that no line brings."""
    fields = [field for field in Customer._meta.concrete_fields if not field.primary_key]
    return (
        tuple(field.attname for field in fields),
        {field.attname: field.get_default for field in fields if not field.null},
    )


def _types(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} {_type_of(name)}" for name in columns)


@cache
def _type_of(column: str) -> str:
    field = next(each for each in Customer._meta.concrete_fields if each.attname == column)
    return str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a statement takes them."""
    return orjson.dumps(rows).decode()
