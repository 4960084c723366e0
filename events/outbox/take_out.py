"""Take messages whose outcome is known out of the outbox."""

from collections.abc import Sequence
from typing import Any, Final

from events.identify import IDENTIFY
from events.outbox.lane_order import SAME_MESSAGE, known_rows, params_of_rows
from events.outbox.rows import OutboxRow

# Locked rows are skipped: a save that is replacing a waiting identify must neither wait for this
# transaction nor deadlock with it. The replaced row stays and is sent.
TAKE_OUT: Final = f"""
WITH locked AS MATERIALIZED ({known_rows(matching=SAME_MESSAGE)})
DELETE FROM events_outgoing o WHERE o.ctid = ANY (ARRAY(SELECT place FROM locked))
RETURNING o.id, o.event = '{IDENTIFY}' AND EXISTS (
    SELECT FROM events_acceptedtraits a
    WHERE a.customer_id = o.customer_id AND a.message_id = o.message_id
)
"""


def take_out(cursor: Any, rows: Sequence[OutboxRow]) -> dict[int, bool]:
    """Delete these messages from the outbox, except those that were replaced or deleted before.

    Returns the deleted ids, each with whether the message is to be logged. An identify may be in
    the log already: it was settled while a save was replacing it, and that save was rolled back.
    """
    if not rows:
        return {}
    cursor.execute(TAKE_OUT, params_of_rows(rows))
    return {row_id: not is_logged for row_id, is_logged in cursor.fetchall()}
