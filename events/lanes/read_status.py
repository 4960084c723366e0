"""Query the lane status of businesses: one query for all, which reads nothing of the send log."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from django.db import connection

from events.encryption import decrypt
from events.lanes.status import COUNTED_MESSAGES, LaneStatus
from events.outbox.lane_order import bulk_rows, in_lane_order, live_rows

FIND_LANE_STATUSES: Final = f"""
SELECT b.country, b.id, b.time_zone, COALESCE(i.enabled, FALSE), COALESCE(i.write_key, ''),
    COALESCE(l.stopped, ''), l.stopped_at, COALESCE(l.last_error, ''), l.failing_since, l.resume_at,
    COALESCE(l.failures, 0), l.last_accepted_at, waiting.messages, waiting.oldest,
    held.messages, held.customers, held.oldest
FROM customers_business b
LEFT JOIN events_integration i ON i.business_id = b.id
LEFT JOIN events_lane l ON l.business_id = b.id
CROSS JOIN LATERAL (
    SELECT (
        SELECT count(*) FROM (
            SELECT FROM events_outgoing w WHERE w.business_id = b.id LIMIT %(most)s
        ) counted
    ) AS messages, min(o.recorded_at) AS oldest FROM (
        (
            SELECT w.recorded_at FROM events_outgoing w WHERE {live_rows("w", "b.id")}
            ORDER BY {in_lane_order("w")} LIMIT 1
        )
        UNION ALL
        (
            SELECT w.recorded_at FROM events_outgoing w WHERE {bulk_rows("w", "b.id")}
            ORDER BY {in_lane_order("w")} LIMIT 1
        )
    ) o
) waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS messages, count(DISTINCT customer_id) AS customers, min(held_at) AS oldest
    FROM (
        SELECT customer_id, held_at FROM events_heldtrack
        WHERE business_id = b.id ORDER BY business_id, id LIMIT %(most)s
    ) h
) held
WHERE b.id = ANY (%(businesses)s)
"""


def lane_statuses(business_ids: Collection[int]) -> dict[int, LaneStatus]:
    """Return lane statuses by business id. Deleted businesses are left out.

    A business without an integration is switched off.
    """
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"most": COUNTED_MESSAGES + 1, "businesses": list(business_ids)}
        cursor.execute(FIND_LANE_STATUSES, params)
        return {
            business_id: replace(
                LaneStatus(business_id, time_zone, enabled, bool(decrypt(write_key)), *rest),
                country=country,
            )
            for country, business_id, time_zone, enabled, write_key, *rest in cursor.fetchall()
        }


def lane_status(business_id: int) -> LaneStatus:
    return lane_statuses([business_id])[business_id]
