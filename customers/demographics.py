"""The demographic: fifths of a business's customers by what they spent (contract, section 2)."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection

SPENDING_PERIOD = timedelta(days=365)

# A fifth is told by the least that one spent in it, so each customer is compared with four numbers.
# Equal spending gives an equal fifth: it depends on how many customers spent more.
CHANGED_FIFTHS: Final = """
spending AS MATERIALIZED (
    SELECT customer_id, sum(total) AS spent
    FROM customers_order
    WHERE business_id = %(business)s AND created_at > %(since)s AND created_at <= %(now)s
    GROUP BY customer_id
    HAVING sum(total) > 0
), fifths AS (
    SELECT spent, 1 + (sum(customers) OVER (ORDER BY spent DESC) - customers) * 5 / (
        SELECT count(*) FROM customers_customer WHERE business_id = %(business)s
    ) AS fifth
    FROM (SELECT spent, count(*) AS customers FROM spending GROUP BY spent) amounts
), least AS MATERIALIZED (
    SELECT min(spent) FILTER (WHERE fifth < 2) AS first,
        min(spent) FILTER (WHERE fifth < 3) AS second,
        min(spent) FILTER (WHERE fifth < 4) AS third,
        min(spent) FILTER (WHERE fifth < 5) AS fourth
    FROM fifths
), changed AS (
    SELECT customer.id, customer.business_id, new.fifth
    FROM customers_customer AS customer
    LEFT JOIN spending ON spending.customer_id = customer.id
    CROSS JOIN least
    CROSS JOIN LATERAL (
        SELECT CASE WHEN spending.spent >= least.first THEN 1
            WHEN spending.spent >= least.second THEN 2
            WHEN spending.spent >= least.third THEN 3
            WHEN spending.spent >= least.fourth THEN 4
            ELSE 5 END AS fifth
    ) new
    WHERE customer.business_id = %(business)s AND customer.demographic <> new.fifth
)
"""
"""CTEs. `changed` has the customers of the business whose fifth is another now. It locks nobody."""

RECOMPUTE_DEMOGRAPHICS: Final = f"""
WITH {CHANGED_FIFTHS}, locked AS (
    -- Locked in the order of ids, as everywhere, to avoid deadlocks.
    SELECT customer.id, changed.fifth
    FROM customers_customer AS customer JOIN changed USING (id)
    ORDER BY customer.id FOR NO KEY UPDATE OF customer
)
UPDATE customers_customer AS customer SET demographic = locked.fifth
FROM locked WHERE customer.id = locked.id
RETURNING customer.id
"""


def spending_params(business_id: int, now: datetime) -> dict[str, Any]:
    """Return the parameters of CHANGED_FIFTHS."""
    return {"business": business_id, "now": now, "since": now - SPENDING_PERIOD}


def recompute_demographics(business_id: int, now: datetime) -> list[int]:
    """Set the demographic of every customer of the business as of `now`, all at once.

    Returns the ids of the customers whose demographic changed. No signals are sent. While the
    business works, `events.sweeps.spending` does it in steps.
    """
    with connection.cursor() as cursor:
        cursor.execute(RECOMPUTE_DEMOGRAPHICS, spending_params(business_id, now))
        return sorted(customer_id for (customer_id,) in cursor.fetchall())
