"""Note what was due before customers were imported, so that no sweep sends an event of it.

An import brings customers who have not visited for years, or whose birthday is today. They are
noted as found, as the sweeps do, and no event is recorded. What is due later is sent as usual.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from customers.dates import birthday_in_year
from customers.lost import ABSENT_SINCE_SQL, DEFAULT_LIMITS, LOST_ON_SQL
from customers.zones import local_day
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
SELECT * FROM unnest(%s::bigint[], %s::int[]) AS new (customer_id, year)
ORDER BY new.customer_id, new.year
ON CONFLICT (customer_id, year) DO NOTHING
"""


def note_lapses(business_id: int, customer_ids: Sequence[int], now: datetime) -> None:
    """Note customers who count as lost by now. Call it in the transaction that imports them."""
    params: dict[str, Any] = {
        "business_id": business_id,
        "customer_ids": list(customer_ids),
        "now": now,
    }
    if customer_ids:
        with connection.cursor() as cursor:
            cursor.execute(NOTE_LAPSES, params)


def due_birthdays(time_zone: str, hour: int, now: datetime) -> dict[str, int]:
    """Return the days (MM-DD) whose birthdays the sweep would find now, each with its year."""
    zone = ZoneInfo(time_zone)
    today = local_day(now, time_zone)
    due: dict[str, int] = {}
    for days_ago in range(CATCH_UP_DAYS + 1):
        day = today - timedelta(days=days_ago)
        if datetime.combine(day, time(hour), zone) > now:
            continue
        due[f"{day:%m-%d}"] = day.year
        if birthday_in_year(2, 29, day.year) == day:
            due["02-29"] = day.year
    return due


def note_birthdays(found: Mapping[int, int]) -> None:
    """Note the birthdays of these customers (their ids) in these years as told."""
    if found:
        with connection.cursor() as cursor:
            cursor.execute(NOTE_BIRTHDAYS, [list(found), list(found.values())])
