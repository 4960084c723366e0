"""Fill the send log with millions of rows over thirteen months.

One large business has nine tenths of the rows, thousands of small ones share the rest. Each
month is filled before its table becomes a partition, so the indexes are built once: minutes
instead of half an hour.
"""

from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection

from bench import fill
from events.outbox.record import NEW_MESSAGE_ID
from events.send_log import partitions
from events.send_log.retention import months_before

MONTHS: Final = 13
"""As long as the send log keeps rows by default."""
SMALL_BUSINESSES: Final = 2_000
"""They share a tenth of the rows."""
LARGE_CUSTOMERS: Final = 200_000
"""Customers of the large business when the log has ten million rows; fewer in proportion."""

INSERT_CUSTOMERS: Final = """
INSERT INTO customers_customer (
    street, city, state, postal_code, country, uuid,
    kind, company_name, first_name,
    last_name, email, phone,
    payment_term, card_on_file, delivery_preference, receive_emails, receive_texts,
    visit_frequency, source, created_at, demographic, link_version, brand_id, business_id
)
SELECT
    n || ' Example Street', 'San Francisco', 'CA', '94110', 'US', gen_random_uuid(),
    CASE WHEN n %% 20 = 0 THEN 'CORPORATE' ELSE 'REGULAR' END,
    CASE WHEN n %% 20 = 0 THEN 'Company ' || n ELSE '' END,
    (ARRAY['Alex', 'Robin', 'Kim', 'Zoë'])[1 + n %% 4],
    'Example' || substr(md5(n::text), 1, 6), 'guest' || n || '@example.com',
    '+1' || 200 + n / 1000 %% 800 || '555' || lpad((n %% 10000)::text, 4, '0'),
    'POS', FALSE, 'Will Call', TRUE, TRUE,
    'weekly', 'POS', now(), 1 + n %% 5, 1, (%(brands)s)[1 + n %% 2], 1
FROM generate_series(1, %(customers)s) n
"""
# All rows of the first brand are a year old; the second has none.
INSERT_BRANDS: Final = """
INSERT INTO customers_brand (business_id, name)
VALUES (1, 'Closed Long Ago'), (1, 'Opened Today') RETURNING id
"""

# Computed from the row number and not random, so every run measures the same data. One event in
# a thousand is rejected; birthdays happened only in the oldest month.
INSERT_MONTH: Final = """
INSERT INTO {table} (
    id, business_id, customer_id,
    brand_id,
    user_id, event, subject_id,
    message_id,
    occurred_at, sent_at, settled_at, outcome,
    reason, attempts,
    body,
    facts
)
SELECT
    n, r.business,
    CASE WHEN r.business = 1 THEN %(first_customer)s + n * 7919 %% %(customers)s
        ELSE r.business END,
    CASE WHEN r.business > 1 THEN 0 WHEN %(oldest)s AND n %% 500 = 1 THEN %(closed)s
        ELSE (%(brands)s)[1 + n %% 2] END,
    md5(n::text)::uuid, r.event, n,
    lpad(to_hex((extract(epoch FROM r.at) * 1000)::bigint), 12, '0') || substr(md5(n::text), 13),
    r.at - interval '2 s', r.at - interval '1 s', r.at, r.outcome,
    CASE r.outcome WHEN 'accepted' THEN '' ELSE 'Segment refused this.' END, 1,
    CASE r.outcome WHEN 'skipped' THEN '' ELSE
        '{{"type":"track","userId":"' || md5(n::text) || '","event":"' || r.event
        || '","properties":{{"order_id":"' || n || '","value":19.53,"currency":"USD"}}}}'
    END,
    CASE r.outcome WHEN 'accepted' THEN NULL ELSE '{{"visit_type": "Store"}}'::jsonb END
FROM (
    SELECT
        n,
        CASE WHEN n %% 10 > 0 THEN 1 ELSE 2 + n / 10 %% (%(small)s - 1) END AS business,
        %(start)s::timestamptz + (%(end)s::timestamptz - %(start)s::timestamptz)
            * ((n - %(first)s)::float / %(rows)s) AS at,
        CASE
            WHEN n %% 1000 = 77 THEN 'rejected'
            WHEN n %% 25 = 3 THEN 'skipped'
            WHEN %(expiring)s AND n %% 1000 = 5 THEN 'expired'
            ELSE 'accepted'
        END AS outcome,
        CASE
            WHEN n %% 1000 = 77 AND n %% 11 = 0 THEN 'Pickup Missed'
            WHEN %(oldest)s AND n %% 10000 = 9 THEN 'Customer Birthday'
            ELSE (ARRAY[
                'identify', 'Order Created', 'Order Ready', 'Order Returned',
                'Order Line Item Returned', 'Customer Visit', 'Pickup Completed',
                'Pickup Scheduled'
            ])[1 + n * 104729 %% 8]
        END AS event
    FROM generate_series(%(first)s::bigint, %(first)s::bigint + %(rows)s - 1) n
) r
"""
INSERT_DAILY_COUNTS: Final = """
INSERT INTO events_dailycount (business_id, event, outcome, brand_id, day, messages)
SELECT
    l.business_id, l.event, l.outcome, l.brand_id,
    (l.settled_at AT TIME ZONE b.time_zone)::date AS day, count(*)
FROM events_sendlog l JOIN customers_business b ON b.id = l.business_id
GROUP BY l.business_id, l.event, l.outcome, l.brand_id, day
"""
INSERT_WAITING: Final = f"""
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts
)
SELECT
    c.business_id, c.id, c.uuid,
    CASE WHEN n %% 2 = 0 THEN 'Order Returned' ELSE 'Customer Visit' END,
    n, {NEW_MESSAGE_ID}, now(), '{{}}'
FROM generate_series(1, %s) n
JOIN customers_customer c ON c.business_id = %s AND c.id = %s + n %% %s
"""


def fill_outbox(business_id: int, rows: int) -> None:
    """Let so many events of one business wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), count(*) FROM customers_customer WHERE business_id = %s AND id > %s",
            [business_id, SMALL_BUSINESSES],
        )
        first, customers = cursor.fetchone()
        cursor.execute(INSERT_WAITING, [rows, business_id, first, customers])
        cursor.execute("ANALYZE events_outgoing")


def fill_send_log(rows: int, now: datetime) -> None:
    """Replace all data by businesses with so many rows in the send log, counted by day."""
    fill.create_businesses(SMALL_BUSINESSES, 1, 1)
    with connection.cursor() as cursor:
        params = _create_large_business(cursor, max(1, rows * LARGE_CUSTOMERS // 10_000_000))
        this_month, rows_per_month = partitions.month_of(now), rows // MONTHS
        for number in range(MONTHS):
            month = months_before(this_month, MONTHS - 1 - number)
            params |= {"first": 1 + number * rows_per_month, "rows": rows_per_month}
            params |= {"oldest": number == 0, "expiring": number == 3}
            _fill_month(cursor, month, now, params)
        cursor.execute("SELECT setval('events_sendlog_id_seq', %s)", [rows + 1])
        cursor.execute(INSERT_DAILY_COUNTS)
        cursor.execute("VACUUM (ANALYZE) events_sendlog, events_dailycount, customers_customer")


def _create_large_business(cursor: Any, customers: int) -> dict[str, Any]:
    """Give business 1 its brands and customers. Returns the parameters for its log rows."""
    cursor.execute("SELECT array_agg(id ORDER BY id) FROM customers_brand WHERE business_id = 1")
    brands = cursor.fetchone()[0]
    cursor.execute(INSERT_BRANDS)
    closed = cursor.fetchone()[0]
    cursor.execute("SELECT max(id) + 1 FROM customers_customer")
    first_customer = cursor.fetchone()[0]
    cursor.execute(INSERT_CUSTOMERS, {"customers": customers, "brands": brands})
    return {
        "brands": brands,
        "customers": customers,
        "first_customer": first_customer,
        "closed": closed,
        "small": SMALL_BUSINESSES,
    }


def _fill_month(cursor: Any, month: Any, now: datetime, params: dict[str, Any]) -> None:
    table = partitions.partition_name("events_sendlog", month)
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    after = partitions.next_month(month)
    end = datetime(after.year, after.month, 1, tzinfo=UTC)
    cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute(f"CREATE TABLE {table} (LIKE events_sendlog INCLUDING DEFAULTS)")
    cursor.execute(
        INSERT_MONTH.format(table=table), {**params, "start": start, "end": min(end, now)}
    )
    cursor.execute(
        f"ALTER TABLE events_sendlog ATTACH PARTITION {table}"
        f" FOR VALUES FROM ('{start}') TO ('{end}')"
    )
