"""The statements that read pages of the send log.

A class is one event with one outcome of one brand of one business. The daily counts say which
classes there are. A page is merged from the newest rows of each class that matches; the index
`sendlog_class` has these in order.

Each statement has `{beyond}`, a condition on rows past the page before, and `{order}`, ASC or DESC.
"""

from typing import Final

from events.identify import IDENTIFY
from events.send_log.entries import LogEntry

LOG_COLUMNS: Final = ", ".join(f"l.{name}" for name in LogEntry._fields)

FIRST_MOMENT: Final = "%(first_day)s::date::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC')"
END_MOMENT: Final = "(%(last_day)s::date + 1)::timestamp AT TIME ZONE COALESCE(b.time_zone, 'UTC')"
OF_BUSINESSES: Final = (
    "(%(businesses)s::bigint[] IS NULL OR {row}.business_id = ANY (%(businesses)s))"
)

# An identify that was not sent would have changed nothing, so it is not sent again.
RESENDABLE_CONDITION: Final = f"""
(%(resendable)s::text[] IS NULL
    OR {{row}}.outcome <> 'accepted' AND {{row}}.event = ANY (%(resendable)s)
        AND ({{row}}.event <> '{IDENTIFY}' OR {{row}}.outcome <> 'skipped'))
"""
CLASS_CONDITION: Final = f"""
(%(event)s::text IS NULL OR {{row}}.event = %(event)s)
    AND (%(outcome)s::text IS NULL OR {{row}}.outcome = %(outcome)s)
    AND (%(brand)s::bigint IS NULL OR {{row}}.brand_id = %(brand)s)
    AND {RESENDABLE_CONDITION}
"""

# One step per class (a loose index scan), whatever the number of days.
MATCHING_CLASSES: Final = f"""
RECURSIVE class AS (
    SELECT b.id AS business_id, d.event, d.outcome, d.brand_id
    FROM unnest(%(businesses)s::bigint[]) AS b (id) CROSS JOIN LATERAL (
        SELECT d.event, d.outcome, d.brand_id FROM events_dailycount d WHERE d.business_id = b.id
        ORDER BY d.event, d.outcome, d.brand_id LIMIT 1
    ) d
    UNION ALL
    SELECT c.business_id, d.event, d.outcome, d.brand_id FROM class c CROSS JOIN LATERAL (
        SELECT d.event, d.outcome, d.brand_id FROM events_dailycount d
        WHERE d.business_id = c.business_id
            AND (d.event, d.outcome, d.brand_id) > (c.event, c.outcome, c.brand_id)
        ORDER BY d.event, d.outcome, d.brand_id LIMIT 1
    ) d
), matching AS MATERIALIZED (
    SELECT c.*, z.since, z.until
    FROM class c LEFT JOIN customers_business b ON b.id = c.business_id CROSS JOIN LATERAL (
        SELECT GREATEST({FIRST_MOMENT}, %(not_before)s, '-infinity') AS since,
            LEAST({END_MOMENT} - interval '1us', %(not_after)s, 'infinity') AS until
    ) z
    WHERE {CLASS_CONDITION.format(row="c")}
)
"""
# `since` and `until` include the bound from the page before: with two bounds of a kind, an index
# scan would begin at the wider one. First the keys of the page, from the index alone, then the
# rows.
PAGE_BY_CLASS: Final = f"""
WITH {MATCHING_CLASSES}, keys AS (
    SELECT s.settled_at, s.id FROM matching m CROSS JOIN LATERAL (
        SELECT s.settled_at, s.id FROM events_sendlog s
        WHERE s.business_id = m.business_id AND s.event = m.event AND s.outcome = m.outcome
            AND s.brand_id = m.brand_id
            AND s.settled_at >= m.since AND s.settled_at <= m.until {{beyond}}
        ORDER BY s.settled_at {{order}}, s.id {{order}} LIMIT %(most)s
    ) s
    ORDER BY s.settled_at {{order}}, s.id {{order}} LIMIT %(most)s
)
SELECT l.* FROM keys k CROSS JOIN LATERAL (
    SELECT {LOG_COLUMNS} FROM events_sendlog l
    WHERE l.id = k.id AND l.settled_at = k.settled_at LIMIT 1
) l
ORDER BY l.settled_at {{order}}, l.id {{order}}
"""
LOG_CONDITION: Final = f"""
{CLASS_CONDITION.format(row="l")}
    AND (%(first_day)s::date IS NULL OR l.settled_at >= {FIRST_MOMENT})
    AND (%(last_day)s::date IS NULL OR l.settled_at < {END_MOMENT})
"""
# Each customer's rows by the index `sendlog_customer`, in the order of the ids.
PAGE_BY_CUSTOMER: Final = f"""
SELECT l.* FROM (
    SELECT c.id, c.business_id, b.time_zone
    FROM customers_customer c JOIN customers_business b ON b.id = c.business_id
    WHERE c.id = ANY (%(customers)s) AND {OF_BUSINESSES.format(row="c")}
) b CROSS JOIN LATERAL (
    SELECT {LOG_COLUMNS} FROM events_sendlog l
    WHERE l.business_id = b.business_id AND l.customer_id = b.id AND {LOG_CONDITION} {{beyond}}
        AND (%(subject_events)s::text[] = '{{{{}}}}' OR (l.event, l.subject_id) IN (
            SELECT * FROM unnest(%(subject_events)s::text[], %(subject_ids)s::bigint[])
        ))
    ORDER BY l.id {{order}} LIMIT %(most)s
) l
ORDER BY l.id {{order}} LIMIT %(most)s
"""
# The index of message ids leads to ranges of pages, and has no order. OFFSET 0 keeps PostgreSQL
# from reading the whole log in the order of ids instead.
PAGE_BY_MESSAGE_ID: Final = f"""
SELECT {LOG_COLUMNS} FROM (
    SELECT * FROM events_sendlog found WHERE found.message_id = %(message_id)s OFFSET 0
) l
LEFT JOIN customers_business b ON b.id = l.business_id
WHERE {OF_BUSINESSES.format(row="l")} AND {LOG_CONDITION}
    {{beyond}}
ORDER BY l.id {{order}} LIMIT %(most)s
"""
PAGE_BY_ID: Final = f"""
SELECT {LOG_COLUMNS} FROM (
    SELECT * FROM events_sendlog l WHERE TRUE {{beyond}} ORDER BY l.id {{order}} LIMIT %(scanned)s
) l
LEFT JOIN customers_business b ON b.id = l.business_id
WHERE {LOG_CONDITION} ORDER BY l.id {{order}} LIMIT %(most)s
"""

COUNT_MATCHES: Final = f"""
SELECT COALESCE(sum(d.messages), 0) FROM events_dailycount d
WHERE d.business_id = ANY (%(businesses)s) AND {CLASS_CONDITION.format(row="d")}
    AND (%(first_day)s::date IS NULL OR d.day >= %(first_day)s)
    AND (%(last_day)s::date IS NULL OR d.day <= %(last_day)s)
"""
ENTRIES_BY_ID: Final = f"""
SELECT {LOG_COLUMNS} FROM events_sendlog l
WHERE l.id = ANY (%(ids)s) AND {OF_BUSINESSES.format(row="l")} ORDER BY l.id
"""
ANY_ENTRY_NOT_SCANNED: Final = (
    "SELECT EXISTS (SELECT FROM events_sendlog ORDER BY id OFFSET %(scanned)s)"
)
