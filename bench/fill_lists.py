"""Fill the records of one large business, with names as frequent as in life, and some small ones.

Everything is computed from the row number, so every run measures the same data.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

from bench import fill

SMALL_BUSINESSES: Final = 5
SMALL_CUSTOMERS: Final = 200
LARGE_BUSINESS: Final = 1
TABLES: Final = (
    "customer",
    "order",
    "lineitem",
    "stop",
    "pickuprequest",
    "regularpickuprequest",
    "visit",
    "nightlytext",
    "incomingtext",
    "customfieldvalue",
    "employee",
    "agent",
)

NAME_CUSTOMERS: Final = """
WITH named AS (
    SELECT id, row_number() OVER (ORDER BY id) AS n, abs(hashint8(id)) %% 1000 AS a,
        abs(hashint8(id + 77777777)) %% 1000 AS b
    FROM customers_customer WHERE business_id = %(business)s
)
UPDATE customers_customer c SET
    first_name = CASE WHEN a < 30 THEN 'Anna' WHEN a < 55 THEN 'James' WHEN a < 80 THEN 'Maria'
        ELSE 'Given' || a END,
    last_name = CASE WHEN b < 12 THEN 'Miller' WHEN b < 22 THEN 'Smith'
        ELSE 'Family' || abs(hashint8(n)) %% 50000 END,
    kind = CASE WHEN n %% 50 = 0 THEN 'CORPORATE' ELSE 'REGULAR' END,
    company_name = CASE WHEN n %% 50 = 0 THEN 'Company ' || n ELSE '' END,
    visit_frequency = (ARRAY['weekly', 'bi-weekly', 'monthly', 'irregular', 'unknown'])[1 + n %% 5],
    payment_term = CASE WHEN n %% 100 = 7 THEN 'Statement' ELSE 'POS' END,
    source = CASE WHEN n %% 10 = 3 THEN 'Website' ELSE 'POS' END,
    created_at = now() - interval '5 years' * (1 - n::float8 / %(customers)s),
    last_visit = now() - interval '1 day' * (n %% 400)
FROM named WHERE named.id = c.id
"""
DATE_ORDERS: Final = """
UPDATE customers_order SET
    created_at = now() - interval '3 years'
        * (1 - id::float8 / (SELECT max(id) FROM customers_order)),
    status = CASE WHEN id > (SELECT max(id) FROM customers_order) - 300
        THEN (ARRAY['open', 'ready'])[1 + id %% 2] ELSE 'returned' END
WHERE business_id = %(business)s
"""
INSERT_ABOUT_CUSTOMERS: Final = """
INSERT INTO customers_lineitem (uuid, order_id, description, quantity, unit, price, department_id)
    SELECT gen_random_uuid(), id, 'Shirt ' || id %% 90, 1 + id %% 3, '', 4.5, NULL
    FROM customers_order;
INSERT INTO customers_stop (uuid, business_id, customer_id, driver_id, route_id, scheduled_for,
        status, had_pickup, had_delivery, total_pickups, total_deliveries,
        street, city, state, postal_code, country)
    SELECT gen_random_uuid(), c.business_id, c.id, e.id, c.agent_id,
        current_date + 3 - (c.id %% 1000)::int,
        CASE WHEN c.id %% 1000 < 3 THEN 'pending' WHEN c.id %% 40 = 5 THEN 'missed'
            ELSE 'completed' END,
        TRUE, FALSE, 1, 0, '', '', '', '', ''
    FROM customers_customer c JOIN customers_employee e
        ON e.business_id = c.business_id AND e.name = 'Robin Example ' || 1 + c.id %% 4;
INSERT INTO customers_pickuprequest (uuid, business_id, customer_id, pickup_date, scheduled_by,
        status, canceled_via, created_at)
    SELECT gen_random_uuid(), business_id, id, current_date + 3 - (id %% 1000)::int,
        CASE WHEN id %% 3 = 0 THEN 'Customer' ELSE 'Employee' END,
        CASE WHEN id %% 1000 < 3 THEN 'scheduled' WHEN id %% 20 = 5 THEN 'canceled'
            ELSE 'completed' END,
        CASE WHEN id %% 20 = 5 THEN (ARRAY['Website', 'Text', 'Employee'])[1 + id %% 3] ELSE '' END,
        now() - interval '1 day' * (id %% 1000)
    FROM customers_customer;
INSERT INTO customers_regularpickuprequest (uuid, business_id, customer_id, status, requested_at,
        street, city, state, postal_code, country)
    SELECT gen_random_uuid(), business_id, id, CASE WHEN id %% 5000 = 5 THEN 'pending'
        ELSE 'approved' END, now() - interval '1 minute' * id, '', '', '', '', ''
    FROM customers_customer;
INSERT INTO customers_visit (business_id, customer_id, day, visit_type, at)
    SELECT business_id, id, current_date - (id %% 1000)::int,
        (ARRAY['Driver', 'Store', 'Signup'])[1 + id %% 3], now() - interval '1 day' * (id %% 1000)
    FROM customers_customer;
INSERT INTO customers_nightlytext (business_id, customer_id, pickup_id, pickup_date, until, status,
        reason, attempts, next_at, created_at, phone, sender, sid)
    SELECT p.business_id, p.customer_id, p.id, p.pickup_date, now(), 'sent', '', 1, now(), now(),
        c.phone, '+14155550100', 'SM' || p.id
    FROM customers_pickuprequest p JOIN customers_customer c ON c.id = p.customer_id;
INSERT INTO customers_incomingtext (business_id, customer_id, phone, body, media, at, sid,
        outcome, meaning, reply, handled)
    SELECT business_id, id, phone, 'Thanks', 0, now() - interval '1 minute' * id, 'SM' || id, '',
        'other', '', id %% 5000 <> 5
    FROM customers_customer;
"""

INDEXES: Final = """
SELECT quote_ident(i.relname), pg_get_indexdef(i.oid) FROM pg_index x
JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
WHERE t.relname = ANY (%s)
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.oid)
ORDER BY i.relname
"""


WORTH_NEW_INDEXES: Final = 100_000
"""Rows from which on it is faster to make the indexes after the rows."""


@contextmanager
def filling_at_once(rows: int) -> Iterator[Any]:
    """Fill the tables without foreign keys and triggers, many rows without indexes: much faster.

    PostgreSQL does not use an index of updated rows while a transaction runs that is older than
    the index. So few rows, as tests fill beside other tests, keep the indexes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        indexes = []
        if rows >= WORTH_NEW_INDEXES:
            cursor.execute(INDEXES, [[f"customers_{table}" for table in TABLES]])
            indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield cursor
        for _, definition in indexes:
            cursor.execute(definition)


def fill_lists(customers: int, orders: int) -> None:
    """Replace all data by a large business and some small ones, and collect statistics."""
    fill.create_businesses(SMALL_BUSINESSES + 1, SMALL_CUSTOMERS, SMALL_CUSTOMERS)
    values = {"business": LARGE_BUSINESS, "customers": customers, "orders": orders}
    with filling_at_once(customers + orders) as cursor:
        cursor.execute("DELETE FROM customers_order WHERE business_id = %(business)s", values)
        cursor.execute(
            "DELETE FROM customers_customfieldvalue v USING customers_customer c"
            " WHERE v.customer_id = c.id AND c.business_id = %(business)s",
            values,
        )
        cursor.execute("DELETE FROM customers_customer WHERE business_id = %(business)s", values)
        of_large = "(SELECT * FROM customers_business WHERE id = 1)"
        cursor.execute(
            fill.INSERT_CUSTOMERS.replace("FROM customers_business s,", f"FROM {of_large} s,"),
            values,
        )
        cursor.execute(NAME_CUSTOMERS, values)
        only_large = fill.INSERT_ORDERS.replace(
            "FROM customers_customer\n)", "FROM customers_customer WHERE business_id = 1\n)"
        )
        cursor.execute(only_large, values)
        cursor.execute(DATE_ORDERS, values)
        for statement in INSERT_ABOUT_CUSTOMERS.replace("%%", "%").split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute(
            "INSERT INTO customers_customfieldvalue (customer_id, field_id, value, updated_at)"
            " SELECT c.id, f.id, '1990-05-04', now() FROM customers_customer c"
            " JOIN customers_customfield f ON f.business_id = c.business_id AND f.position = 0"
            " WHERE c.business_id = %(business)s",
            values,
        )
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM ANALYZE customers_{table}")
