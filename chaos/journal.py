"""The committed truth in the database, and what the system says of itself. See `journal.sql`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg

from chaos.evidence import CountKey, EndState, LogRow, Snapshot, Truth
from events.packed_messages import RowValues, unpack

Connection = psycopg.Connection[tuple[Any, ...]]

READ_TRUTHS: Final = """
SELECT o.id, o.xid::text::bigint, o.snapshot::text, o.business_id, c.uuid::text, o.event,
    o.subject_id, o.occurred_at, o.properties
FROM journal.occurrence o JOIN customers_customer c ON c.id = o.customer_id ORDER BY o.id
"""
READ_LOG: Final = """
SELECT l.id, l.business_id, l.user_id::text, l.brand_id, l.event, l.subject_id, l.message_id,
    l.occurred_at, l.sent_at, l.settled_at, (l.settled_at AT TIME ZONE b.time_zone)::date,
    l.outcome, l.reason, l.attempts, l.packed_body
FROM events_sendlog l JOIN customers_business b ON b.id = l.business_id ORDER BY l.id
"""
READ_RESENT: Final = "SELECT log_id FROM events_resent"
READ_COUNTS: Final = """
SELECT business_id, event, outcome, brand_id, day, messages FROM events_dailycount
"""
READ_DELAYS: Final = "SELECT business_id, sum(messages)::bigint FROM events_dailydelay GROUP BY 1"
READ_CUSTOMERS: Final = "SELECT business_id, user_id, traits FROM journal.customer_traits"
READ_HALTED: Final = "SELECT business_id, stopped FROM events_lane WHERE stopped <> ''"
READ_CHANGES: Final = """
SELECT c.uuid::text, x.at, x.changed::text
FROM journal.customer_change x JOIN customers_customer c ON c.id = x.customer_id
WHERE c.uuid::text = ANY (%s) ORDER BY x.id
"""


def install(url: str) -> None:
    """Create the journal and its database triggers in a migrated database."""
    with psycopg.connect(url) as connection:
        connection.execute(Path(__file__).with_name("journal.sql").read_bytes())


def read_truths(connection: Connection, keys: Mapping[int, str]) -> list[Truth]:
    """Return what was committed. `keys`: business id -> write key."""
    return [
        Truth(number, xid, Snapshot.parse(snapshot), keys[business], *rest)
        for number, xid, snapshot, business, *rest in connection.execute(READ_TRUTHS)
    ]


def read_log(connection: Connection, keys: Mapping[int, str]) -> list[LogRow]:
    rows = connection.execute(READ_LOG)
    return [
        LogRow(number, keys[business], *_with_message(columns))
        for number, business, *columns in rows
    ]


def _with_message(columns: Sequence[Any]) -> Sequence[Any]:
    """Return the columns with the message as it was posted, which is the last, packed."""
    *values, packed = columns
    user_id, _, _, _, message_id, occurred_at, *_ = values
    return [*values, unpack(packed, RowValues(UUID(user_id), message_id, occurred_at))]


def read_resent(connection: Connection) -> frozenset[int]:
    return frozenset(log_id for (log_id,) in connection.execute(READ_RESENT))


def read_counts(connection: Connection, keys: Mapping[int, str]) -> dict[CountKey, int]:
    rows = connection.execute(READ_COUNTS)
    return {(keys[b], event, outcome, brand, day): n for b, event, outcome, brand, day, n in rows}


def read_delays(connection: Connection, keys: Mapping[int, str]) -> dict[str, int]:
    return {keys[business]: n for business, n in connection.execute(READ_DELAYS)}


def read_customers(connection: Connection, keys: Mapping[int, str]) -> list[EndState]:
    rows = connection.execute(READ_CUSTOMERS)
    return [EndState(keys[business], user, traits) for business, user, traits in rows]


def read_halted(connection: Connection, keys: Mapping[int, str]) -> dict[str, str]:
    return {keys[business]: reason for business, reason in connection.execute(READ_HALTED)}


def read_changes(
    connection: Connection, user_ids: Sequence[str]
) -> dict[str, list[tuple[datetime, str]]]:
    """Return when these customers were changed, and the new values of the changed columns."""
    changes: defaultdict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for user_id, at, changed in connection.execute(READ_CHANGES, [list(user_ids)]):
        changes[user_id].append((at, changed))
    return changes
