"""Businesses of which nothing is recorded, because they are switched off or muted the event.

The recording statement decides that, as it reads the switches. For a business of which it recorded
nothing the last time, a small statement asks first: it costs a fraction.
"""

from collections.abc import Iterable
from typing import Final

from events.outbox import prepared

WANTS_SOME: Final = """
SELECT FROM events_integration i
WHERE i.business_id = %s::bigint AND i.enabled AND NOT i.muted::text[] @> %s::text[]
"""

_suspected: set[int] = set()


def suspect(business_id: int) -> None:
    """Ask before the next recording of this business. Call it when nothing was recorded."""
    _suspected.add(business_id)


def clear(business_id: int) -> None:
    """Do not ask first any more. Other processes notice a changed switch when they ask."""
    _suspected.discard(business_id)


def is_off(business_id: int, events: Iterable[str]) -> bool:
    """Return whether it is certain that none of these events would be recorded now."""
    if business_id not in _suspected:
        return False
    names = ",".join(f'"{event}"' for event in events)
    if prepared.run(WANTS_SOME, [business_id, f"{{{names}}}"]):
        clear(business_id)
        return False
    return True
