"""Find the entries of a message whose id is known."""

from collections.abc import Collection

from customers.by_index import by_index
from events.models import SendLog


def is_logged(row: str) -> str:
    """Return the SQL condition that the message has an entry.

    `row` is the name of a row with message_id, business_id and customer_id. A customer has few
    entries, and an index leads to them. The scalar subquery is run once for each row; EXISTS might
    read and hash the whole log.
    """
    return f"""(
        SELECT TRUE FROM events_sendlog logged
        WHERE logged.business_id = {row}.business_id AND logged.customer_id = {row}.customer_id
            AND logged.message_id = {row}.message_id
        LIMIT 1
    ) IS TRUE"""


def entries_of(message_id: str, businesses: Collection[int]) -> list[SendLog]:
    """Return the message's entries in these businesses, newest first."""
    with by_index(bitmaps=True):
        entries = SendLog.objects.filter(message_id=message_id, business_id__in=businesses)
        # sorted here: in the order of ids, PostgreSQL might read the whole log to find the last
        return sorted(entries, key=lambda entry: entry.pk, reverse=True)
