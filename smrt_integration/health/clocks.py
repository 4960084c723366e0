"""Say whose machine's clock differs from the database's, for support.

No clock but the database's decides whether work is done. But events have the time of the machine
that recorded them.
"""

from datetime import timedelta
from typing import Final

from django.db.models.functions import Abs, Now

from smrt_integration.health.heartbeats import WRONG_SECONDS
from smrt_integration.health.models import Heartbeat

SEEN_WITHIN: Final = timedelta(minutes=5)
"""A web server is seen once a minute while it is used. An older row says nothing about today."""


def wrong_clocks() -> list[str]:
    """Return a sentence for each program that runs on a machine whose clock is wrong."""
    rows = Heartbeat.objects.annotate(off=Abs("clock_difference")).filter(
        off__gte=WRONG_SECONDS, seen_at__gt=Now() - SEEN_WITHIN
    )
    return [_sentence(row) for row in rows.order_by("program", "host", "pid")]


def _sentence(row: Heartbeat) -> str:
    seconds = round(abs(row.clock_difference))
    direction = "ahead of" if row.clock_difference > 0 else "behind"
    return (
        f"The clock of {row.host}, where a {row.get_program_display().lower()} runs, "
        f"is {seconds:,} seconds {direction} the database's. Set it by the network (NTP)."
    )
