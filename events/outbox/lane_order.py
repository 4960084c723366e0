"""Read the outbox in the order of a lane: live rows by id, then bulk rows by id.

The outbox is empty most of the time, and so is what PostgreSQL knows of it when a million rows come
at once. It then expects one row and takes any index, such as the primary key's, and reads the rows
of all businesses: a settling transaction took 32 s instead of 30 ms. So the conditions on a lane
are ranges of the index `outgoing_live_first`, and the order is the index's own: no other index has
it. Rows that are known are looked up one by one, then changed at the place where they lie (`ctid`),
which no other transaction changes while the lane is locked.
"""

from collections.abc import Sequence
from typing import Any, Final

from events.identify import IDENTIFY
from events.outbox.rows import OutboxRow

MAX_TAKEN_ALONG: Final = 100
"""Earlier bulk events of a customer that go with a live one. If there are more, the live one waits
for the next round."""

MAX_ID: Final = f"{2**63 - 1}"

ROWS_OF_LANE: Final = """
    ({row}.business_id, {row}.is_bulk, {row}.id) > ({business}, {bulk}, {after})
    AND ({row}.business_id, {row}.is_bulk, {row}.id) < ({business}, {bulk}, {before})"""


def live_rows(row: str, business: str, after: str = "0") -> str:
    """Return the condition on the business's live rows with an id beyond `after`.

    All are SQL expressions; `row` is the name of the outbox.
    """
    return ROWS_OF_LANE.format(row=row, business=business, bulk="FALSE", after=after, before=MAX_ID)


def bulk_rows(row: str, business: str, after: str = "0", before: str = MAX_ID) -> str:
    """Return the condition on the business's bulk rows with an id between these two."""
    return ROWS_OF_LANE.format(row=row, business=business, bulk="TRUE", after=after, before=before)


SAME_MESSAGE: Final = "waiting.message_id = given.message_id"
"""For `known_rows`: no save has replaced the row's message."""
LOCKED: Final = "FOR UPDATE SKIP LOCKED"


def known_rows(*more: str, matching: str = "TRUE", locking: str = LOCKED) -> str:
    """Return the query that locks known rows, except those that are locked already.

    Its parameters are those of `params_of_rows`, and an array for each of `more`, "name type". Its
    rows have `place`, and what was given. `matching` is a condition on `waiting` and `given`. With
    an empty `locking` it only finds them.
    """
    names = ["id bigint", "business_id bigint", "is_bulk boolean", "message_id text", *more]
    columns = [name.split() for name in names]
    given = ", ".join(f"%({name})s::{kind}[]" for name, kind in columns)
    return f"""
    SELECT found.place, given.* FROM unnest({given})
        AS given ({", ".join(name for name, _ in columns)})
    CROSS JOIN LATERAL (
        SELECT waiting.ctid AS place FROM events_outgoing waiting
        WHERE waiting.id = given.id AND waiting.business_id = given.business_id
            AND waiting.is_bulk = given.is_bulk AND {matching}
        {locking}
    ) found
    """


def params_of_rows(rows: Sequence[OutboxRow]) -> dict[str, list[Any]]:
    """Return the parameters of `known_rows`."""
    return {
        "id": [row.id for row in rows],
        "business_id": [row.business_id for row in rows],
        "is_bulk": [row.is_bulk for row in rows],
        "message_id": [row.message_id for row in rows],
    }


def bulk_tracks(row: str, customer: str, before: str) -> str:
    """Return the condition on the customer's bulk events with an id below `before`.

    They are in the order of customer and id (index `outgoing_bulk_by_customer`).
    """
    return f"""{row}.is_bulk AND {row}.event <> '{IDENTIFY}'
        AND ({row}.customer_id, {row}.id) >= ({customer}, 0)
        AND ({row}.customer_id, {row}.id) < ({customer}, {before})"""


def in_lane_order(row: str, direction: str = "") -> str:
    """Return what to order by. `direction` is empty or "DESC"."""
    columns = ("business_id", "is_bulk", "id")
    return ", ".join(f"{row}.{column} {direction}".rstrip() for column in columns)
