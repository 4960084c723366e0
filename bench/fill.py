"""Insert businesses with everything that a message can contain, and fill the outbox.

Each table is filled by one statement, so refilling takes seconds. Every trait and every property
of an order event gets a value. Phone numbers are all different, and none belongs to anybody.
"""

import hashlib
from typing import Final

from django.db import connection

from events.destination import destination_of
from events.encryption import encrypt
from events.outbox.record import NEW_MESSAGE_ID

LOG_TABLES = "events_sendlog, events_deliveryattempt, events_dailycount, events_dailydelay"
ALL_TABLES = f"customers_business, events_outgoing, {LOG_TABLES}"
"""TRUNCATE ... CASCADE also empties every table that refers to a business."""
REGION: Final = "us"

INSERT_BUSINESSES = """
INSERT INTO customers_business (name, time_zone, country, currency, created_at)
SELECT
    'Example Cleaners ' || n,
    (ARRAY['America/Los_Angeles', 'America/New_York', 'Europe/Berlin'])[1 + n %% 3],
    'US', 'USD', now()
FROM generate_series(1, %(businesses)s) n
"""
INSERT_RELATED = """
INSERT INTO customers_brand (business_id, name)
    SELECT id, 'Example Brand ' || n FROM customers_business, generate_series(1, 2) n;
INSERT INTO customers_agent (business_id, name, kind)
    SELECT id, 'Market Street ' || n, 'STORE' FROM customers_business, generate_series(1, 4) n;
INSERT INTO customers_employee (business_id, name, role)
    SELECT id, 'Robin Example ' || n, 'COUNTER' FROM customers_business, generate_series(1, 4) n;
INSERT INTO customers_customergroup (business_id, name)
    SELECT id, 'Neighbours ' || n FROM customers_business, generate_series(1, 2) n;
INSERT INTO customers_discount (business_id, name, description, kind, value)
    SELECT id, 'Loyal ' || n, 'For loyal customers', 'PERCENT', 5 * n
    FROM customers_business, generate_series(1, 2) n;
INSERT INTO customers_customfield (business_id, name, kind, position)
    SELECT id, f.name, f.kind, f.position FROM customers_business, (VALUES
        ('Birthday', 'DATE', 0), ('Referral Source', 'TEXT', 1), ('Starch', 'TEXT', 2)
    ) f (name, kind, position);
"""
# Numbers a business's brands, agents and so on. A window is faster than a subquery per customer.
NUMBERED = """(
    SELECT id, business_id, row_number() OVER (PARTITION BY business_id ORDER BY id) AS n
    FROM {table}
)"""
INSERT_CUSTOMERS = f"""
INSERT INTO customers_customer (
    street, city, state, postal_code, country, uuid, kind, company_name,
    first_name, last_name, email, phone, phone_is_mobile,
    text_answered_at, payment_term, card_on_file, delivery_preference, receive_emails,
    receive_texts, visit_frequency, source, created_at, last_visit,
    demographic, link_version, agent_id, brand_id, business_id, master_id, group_id, discount_id
)
SELECT
    c.n || ' Example Street', 'San Francisco', 'CA', '94110', 'US', gen_random_uuid(), 'REGULAR',
    '', 'Alex', 'Example ' || c.n, 'alex' || c.number || '@example.com',
    '+1' || 200 + c.number / 100 %% 800 || '55501' || lpad((c.number %% 100)::text, 2, '0'), NULL,
    now(), 'AutoPay', TRUE, 'Route Regular', TRUE,
    TRUE, 'weekly', 'POS', now() - interval '1 year', now() - interval '1 day',
    1 + c.n %% 5, 1, a.id, b.id, c.business_id, NULL, g.id, d.id
FROM (
    SELECT s.id AS business_id, n, row_number() OVER (ORDER BY s.id, n)::int AS number
    FROM customers_business s, generate_series(1, %(customers)s) n
) c
JOIN {NUMBERED.format(table="customers_agent")} a
    ON a.business_id = c.business_id AND a.n = 1 + c.n %% 4
JOIN {NUMBERED.format(table="customers_brand")} b
    ON b.business_id = c.business_id AND b.n = 1 + c.n %% 2
JOIN {NUMBERED.format(table="customers_customergroup")} g
    ON g.business_id = c.business_id AND g.n = 1 + c.n %% 2
JOIN {NUMBERED.format(table="customers_discount")} d
    ON d.business_id = c.business_id AND d.n = 1 + c.n %% 2
"""
INSERT_CUSTOM_VALUES = """
INSERT INTO customers_customfieldvalue (customer_id, field_id, value, updated_at)
SELECT
    c.id, f.id,
    CASE f.position WHEN 0 THEN '1990-05-04' WHEN 1 THEN 'Website' ELSE 'Light' END, now()
FROM customers_customer c JOIN customers_customfield f ON f.business_id = c.business_id
"""
INSERT_INTEGRATIONS = """
INSERT INTO events_integration (
    business_id, enabled, enabled_at, write_key, region, muted,
    weekly_limit, bi_weekly_limit, monthly_limit, irregular_limit,
    birthday_field_id, birthday_field_since, birthday_hour, retention_months
)
SELECT
    business.id, TRUE, now(), business.write_key, %s, '{}', 14, 31, 62, 92, field.id, now(), 9, 13
FROM unnest(%s::bigint[], %s::text[]) AS business (id, write_key)
JOIN customers_customfield field ON field.business_id = business.id AND field.kind = 'DATE'
"""
INSERT_LANES = """
INSERT INTO events_lane (
    business_id, claimed_at, resume_at, failures, generation, stopped, last_error,
    floor, next_floor, floor_at
)
SELECT id, now(), now(), 0, 0, '', '', 0, 0, now() FROM customers_business
"""
INSERT_ORDERS = f"""
INSERT INTO customers_order (
    number, status, subtotal, discount_total, tax, total, tax_rate, bags, created_at,
    business_id, customer_id, agent_id, sold_by_id, returned_by_id, discount_id
)
SELECT
    'N' || c.business_id || '-' || o.n, 'returned', 20, 2, 1.53, 19.53, 8.5, 1, now(),
    c.business_id, c.id, c.agent_id, e.id, e.id, c.discount_id
FROM generate_series(1, %(orders)s) AS o (n)
JOIN (
    SELECT *, row_number() OVER (PARTITION BY business_id ORDER BY id) AS n
    FROM customers_customer
) c ON c.n = 1 + o.n %% %(customers)s
JOIN {NUMBERED.format(table="customers_employee")} e
    ON e.business_id = c.business_id AND e.n = 1 + o.n %% 4
ORDER BY o.n, c.business_id
"""
INSERT_EVENTS = f"""
INSERT INTO events_outgoing (
    business_id, customer_id, user_id, event, subject_id, message_id, occurred_at, facts
)
SELECT
    o.business_id, o.customer_id, c.uuid, 'Order Returned', o.id, {NEW_MESSAGE_ID}, o.created_at,
    jsonb_build_object(
        'order_id', o.number, 'agent', a.name, 'customer_brand', b.name,
        'value', o.total::text, 'currency', s.currency, 'sold_by', e.name, 'returned_by', r.name,
        'discount', jsonb_build_object(
            'name', d.name, 'description', d.description, 'value', d.value
        )
    )
FROM customers_order o
JOIN customers_customer c ON c.id = o.customer_id
JOIN customers_business s ON s.id = o.business_id
JOIN customers_agent a ON a.id = o.agent_id
JOIN customers_brand b ON b.id = c.brand_id
JOIN customers_employee e ON e.id = o.sold_by_id
JOIN customers_employee r ON r.id = o.returned_by_id
JOIN customers_discount d ON d.id = o.discount_id
ORDER BY o.id
"""
INSERT_ACCEPTED_TRAITS = """
INSERT INTO events_acceptedtraits (
    customer_id, destination, traits_hash, message_id, occurred_at
)
SELECT c.id, business.destination, md5(c.id::text), md5('m' || c.id), now() - interval '1 day'
FROM unnest(%s::bigint[], %s::text[]) AS business (id, destination)
JOIN customers_customer c ON c.business_id = business.id
"""
RESET_LANES = """
UPDATE events_lane SET
    claimed_at = now(), resume_at = now(), lease_token = NULL, lease_until = NULL,
    failures = 0, stopped = ''
"""
VACUUM_TABLES = (
    "business",
    "brand",
    "agent",
    "employee",
    "customergroup",
    "discount",
    "customfield",
    "customer",
    "customfieldvalue",
)
"""Tables of the app customers that the benchmark fills; its orders follow with our own tables."""


def create_businesses(businesses: int, customers: int, orders: int) -> None:
    """Replace all data by businesses that send, each with so many customers and orders.

    The outbox is empty afterwards.
    """
    sizes = {"businesses": businesses, "customers": customers, "orders": orders}
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {ALL_TABLES} RESTART IDENTITY CASCADE")
        cursor.execute(INSERT_BUSINESSES, sizes)
        cursor.execute(INSERT_RELATED)
        cursor.execute(INSERT_CUSTOMERS, sizes)
        cursor.execute(INSERT_CUSTOM_VALUES)
        cursor.execute(INSERT_ORDERS, sizes)
        ids = business_ids()
        write_keys = [encrypt(write_key(business)) for business in ids]
        cursor.execute(INSERT_INTEGRATIONS, [REGION, ids, write_keys])
        cursor.execute(INSERT_LANES)
        # Autovacuum does this within a minute in a running installation.
        for table in VACUUM_TABLES:
            cursor.execute(f"VACUUM ANALYZE customers_{table}")
        cursor.execute("VACUUM ANALYZE customers_order, events_integration, events_lane")


def business_ids() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM customers_business ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def write_key(business_id: int) -> str:
    return hashlib.md5(str(business_id).encode(), usedforsecurity=False).hexdigest()


def empty_outbox_and_log(identified: bool) -> None:
    """Delete everything that waits or was sent, and reset the lanes.

    `identified`: Segment accepted the traits of every customer a day ago; else of none.
    """
    ids = business_ids()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE events_outgoing, {LOG_TABLES}, events_acceptedtraits")
        cursor.execute(RESET_LANES)
        if identified:
            destinations = [destination_of(REGION, write_key(business)) for business in ids]
            cursor.execute(INSERT_ACCEPTED_TRAITS, [ids, destinations])
            cursor.execute("VACUUM ANALYZE events_acceptedtraits")


def fill_outbox() -> int:
    """Insert one event per order, in order of time, so that businesses alternate.

    Returns the number of events.
    """
    with connection.cursor() as cursor:
        cursor.execute(INSERT_EVENTS)
        inserted: int = cursor.rowcount
        return inserted


def count_waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM events_outgoing")
        count: int = cursor.fetchone()[0]
        return count


def is_anything_waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM events_outgoing)")
        return bool(cursor.fetchone()[0])


def count_logged() -> dict[tuple[str, str], int]:
    """Return the number of messages in the send log by event and outcome."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event, outcome, count(*) FROM events_sendlog GROUP BY event, outcome"
        )
        return {(event, outcome): count for event, outcome, count in cursor.fetchall()}
