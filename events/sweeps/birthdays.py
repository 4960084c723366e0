"""Customer Birthday: once per customer and year, from the hour that the business chose.

See contract, section 2.
"""

from datetime import datetime
from typing import Final

from customers.advisory_locks import BIRTHDAYS_LOCK, try_lock
from customers.by_index import by_index
from events.definitions.customers import CustomerBirthday
from events.outbox.record import record_from_query

CATCH_UP_DAYS: Final = 3
"""Contract, section 2: after days in which nothing ran, birthdays of up to 3 days ago are sent."""

# Four probes per business into the index on (field, month and day), and one per birthday into the
# celebrations, so that a sweep that finds nothing costs next to nothing. MATERIALIZED, OFFSET 0 and
# LIMIT 1 keep PostgreSQL from joining whole tables, and `by_index` from reading them.
#
# A birthday that is entered today for a past day is not sent: only days in which nothing ran are
# caught up.
FIND_BIRTHDAYS: Final = """
due AS MATERIALIZED (
    SELECT i.business_id, i.birthday_field_id, d.day, d.today,
        -- an hour that comes twice begins at its first time, where PostgreSQL takes the second
        LEAST((d.day + make_interval(hours => i.birthday_hour)) AT TIME ZONE b.time_zone, %(now)s)
            AS due_at,
        CASE WHEN to_char(d.day, 'MM-DD') = '02-28' AND to_char(d.day + 1, 'MM-DD') = '03-01'
             THEN ARRAY['02-28', '02-29']
             ELSE ARRAY[to_char(d.day, 'MM-DD')] END AS dates
    FROM events_integration i
    JOIN customers_business b ON b.id = i.business_id
    CROSS JOIN LATERAL (
        SELECT local.today, local.today - days_ago AS day
        FROM (SELECT (%(now)s AT TIME ZONE b.time_zone)::date AS today) local,
            generate_series(0, %(catch_up)s) days_ago
    ) d
    WHERE i.enabled AND i.birthday_field_id IS NOT NULL
        AND %(now)s AT TIME ZONE b.time_zone >= d.day + make_interval(hours => i.birthday_hour)
        AND d.day >= (GREATEST(i.enabled_at, i.birthday_field_since) AT TIME ZONE b.time_zone)::date
), born AS (
    SELECT d.business_id, v.customer_id, extract(year FROM d.day)::int AS year,
        right(v.value, 5) AS birthday, d.due_at AS occurred_at
    FROM due d
    CROSS JOIN LATERAL (
        SELECT entered.customer_id, entered.value, entered.updated_at
        FROM customers_customfieldvalue entered
        WHERE entered.field_id = d.birthday_field_id AND right(entered.value, 5) = ANY (d.dates)
        OFFSET 0
    ) v
    LEFT JOIN LATERAL (
        SELECT known.id FROM events_celebration known
        WHERE known.customer_id = v.customer_id AND known.year = extract(year FROM d.day)::int
        LIMIT 1
    ) before ON TRUE
    -- a field that holds dates today may have held any text before
    WHERE before.id IS NULL AND v.value ~ '^([0-9]{4}-)?[0-9]{2}-[0-9]{2}$'
        AND (d.day = d.today OR v.updated_at <= d.due_at)
), celebrated AS (
    INSERT INTO events_celebration (customer_id, year)
    SELECT customer_id, year FROM born ORDER BY customer_id
), occurrences AS (
    SELECT born.business_id, born.customer_id, %(event)s AS event, born.customer_id AS subject_id,
        born.occurred_at, jsonb_build_object('birthday', born.birthday) AS facts
    FROM born
)
"""


def sweep(now: datetime) -> int:
    """Record the birthdays that are due. Returns the number of events recorded.

    0 also while another worker sweeps.
    """
    params = {"now": now, "event": CustomerBirthday.name, "catch_up": CATCH_UP_DAYS}
    with by_index():
        return record_from_query(FIND_BIRTHDAYS, params) if try_lock(BIRTHDAYS_LOCK) else 0
