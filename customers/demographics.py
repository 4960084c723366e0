"""The demographic: fifths of a business's customers by what they spent (contract, section 2)."""

from datetime import datetime, timedelta

from django.db import connection

SPENDING_PERIOD = timedelta(days=365)

RECOMPUTE_DEMOGRAPHICS = """
    WITH spending AS (
        SELECT customer_id, sum(total) AS spent
        FROM customers_order
        WHERE business_id = %(business)s AND created_at > %(since)s AND created_at <= %(now)s
        GROUP BY customer_id
        HAVING sum(total) > 0
    ), ranked AS (
        SELECT customer_id, rank() OVER (ORDER BY spent DESC) - 1 AS ahead
        FROM spending
    ), fifths AS (
        SELECT customer.id, coalesce(1 + ahead * 5 / count(*) OVER (), 5) AS fifth
        FROM customers_customer AS customer LEFT JOIN ranked ON ranked.customer_id = customer.id
        WHERE customer.business_id = %(business)s
    ), changed AS (
        -- Locked in the order of ids, as everywhere, to avoid deadlocks.
        SELECT customer.id, fifths.fifth
        FROM customers_customer AS customer JOIN fifths USING (id)
        WHERE customer.demographic <> fifths.fifth
        ORDER BY customer.id FOR NO KEY UPDATE OF customer
    )
    UPDATE customers_customer AS customer SET demographic = changed.fifth
    FROM changed WHERE customer.id = changed.id
    RETURNING customer.id
"""


def recompute_demographics(business_id: int, now: datetime) -> list[int]:
    """Set the demographic of every customer of the business as of `now`.

    Returns the ids of the customers whose demographic changed. It depends on how many customers
    spent more, so equal spending gives equal demographics. No signals are sent.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RECOMPUTE_DEMOGRAPHICS,
            {"business": business_id, "now": now, "since": now - SPENDING_PERIOD},
        )
        return sorted(customer_id for (customer_id,) in cursor.fetchall())
