"""Note what was due before customers were imported, so that no sweep tells it as news.

An import brings customers who have not visited for years, or whose birthday is today. They are
noted as found, as the sweeps do, and no event is recorded. What is due after the import is told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection

from customers.lost import ABSENT_SINCE_SQL, DEFAULT_LIMITS, LOST_ON_SQL
from events.models.integration import LIMIT_FIELDS, OTHER_LIMIT_FIELD
from events.sweeps.birthdays import CATCH_UP_DAYS

LIMIT_OR_DEFAULT: Final = (
    "CASE c.visit_frequency "
    + " ".join(
        f"WHEN '{frequency}' THEN COALESCE(i.{field}, {DEFAULT_LIMITS[frequency]})"
        for frequency, field in LIMIT_FIELDS.items()
    )
    + f" ELSE COALESCE(i.{OTHER_LIMIT_FIELD}, {DEFAULT_LIMITS['irregular']}) END"
)
IMPORTED_LOST_ON: Final = LOST_ON_SQL.format(
    since="s.since", time_zone="b.time_zone", limit=f"({LIMIT_OR_DEFAULT})"
)
# Found at the beginning of the day on which the sweep would have found it.
NOTE_LAPSES: Final = f"""
INSERT INTO events_lapse (customer_id, since, found_at)
SELECT absent.id, absent.since, absent.lost_on::timestamp AT TIME ZONE absent.time_zone
FROM (
    SELECT c.id, s.since, b.time_zone,
        {IMPORTED_LOST_ON} AS lost_on
    FROM customers_customer c
    JOIN customers_business b ON b.id = c.business_id
    LEFT JOIN events_integration i ON i.business_id = c.business_id
    CROSS JOIN LATERAL (SELECT {ABSENT_SINCE_SQL.format(customer="c")} AS since) s
    WHERE c.business_id = %(business_id)s AND c.id = ANY (%(customer_ids)s)
) absent
WHERE absent.lost_on <= (%(now)s AT TIME ZONE absent.time_zone)::date
ORDER BY absent.id
ON CONFLICT (customer_id, since) DO NOTHING
"""
NOTE_BIRTHDAYS: Final = """
INSERT INTO events_celebration (customer_id, year)
SELECT DISTINCT v.customer_id, extract(year FROM d.day)::int
FROM events_integration i
JOIN customers_business b ON b.id = i.business_id
CROSS JOIN LATERAL (
    SELECT local.today - days_ago AS day
    FROM (SELECT (%(now)s AT TIME ZONE b.time_zone)::date AS today) local,
        generate_series(0, %(catch_up)s) days_ago
) d
JOIN customers_customfieldvalue v
    ON v.field_id = i.birthday_field_id AND v.customer_id = ANY (%(customer_ids)s)
WHERE i.business_id = %(business_id)s
    AND %(now)s AT TIME ZONE b.time_zone >= d.day + make_interval(hours => i.birthday_hour)
    AND right(v.value, 5) = ANY (
        CASE WHEN to_char(d.day, 'MM-DD') = '02-28' AND to_char(d.day + 1, 'MM-DD') = '03-01'
            THEN ARRAY['02-28', '02-29'] ELSE ARRAY[to_char(d.day, 'MM-DD')] END
    )
ORDER BY 1, 2
ON CONFLICT (customer_id, year) DO NOTHING
"""


def note_lapses(business_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    """Note customers who count as lost by now. Call it in the transaction that imports them."""
    _run(NOTE_LAPSES, business_id, customer_ids, now)


def note_birthdays(business_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    """Note this year's birthdays that are due by now. Call it in the transaction that imports."""
    _run(NOTE_BIRTHDAYS, business_id, customer_ids, now)


def _run(statement: str, business_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    params: dict[str, Any] = {
        "business_id": business_id,
        "customer_ids": list(customer_ids),
        "now": now,
        "catch_up": CATCH_UP_DAYS,
    }
    if customer_ids:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
