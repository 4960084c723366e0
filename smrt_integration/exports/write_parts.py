"""Write open exports, part by part. Any worker may go on where another one stopped.

One export is written at a time, on all machines, so that exports leave the other worker processes
to what must be sent. Exports take turns after each part, so a long one delays the others little.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO, Any, Final
from uuid import uuid4

import structlog
from django.core.files import File
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from customers.advisory_locks import EXPORTS_LOCK, try_lock
from customers.budget import NO_TIME_LIMIT, Budget
from events.send_log import pages
from events.send_log.entries import LogPosition
from events.send_log.filter import MessageFilter
from smrt_integration import timeouts
from smrt_integration.exports.csv_lines import entry_lines, heading_line
from smrt_integration.exports.files import storage
from smrt_integration.exports.models import Export
from smrt_integration.exports.request_export import OPEN

log = structlog.get_logger(__name__)

EXPORT_CHUNK_SIZE: Final = 2_000
"""Rows per query; 2,000 take about a megabyte. Each is a transaction of its own."""
PART_SECONDS: Final = 1.5
"""How long a part is written. A worker that is killed loses this much work."""
EXPORT_LEASE: Final = timedelta(seconds=30)
"""Renewed with each chunk, which takes a fraction of a second. When a worker is killed, or fails,
the next attempt is this much later."""
MAX_PART_ATTEMPTS: Final = 5
"""A part that was begun this often without success never succeeds: its worker is killed, say."""


@dataclass(slots=True)
class Part:
    """What was written to a part: the number of its rows, the last of them, and what follows."""

    rows: int = 0
    position: str = ""
    more: bool = True


def write_exports(budget: Budget = NO_TIME_LIMIT) -> int:
    """Write parts of open exports in turn, until none can go on or the time is up.

    Returns the number of parts.
    """
    parts, tried = 0, 0
    with timeouts.use(timeouts.EXPORT):
        while not (tried and budget.is_spent()) and (export := _claim()):
            parts += _write_part(export)
            tried += 1
    return parts


@transaction.atomic
def _claim() -> Export | None:
    """Lease the next export. Returns None if a worker writes one, or none can go on now.

    The database's clock decides, as those of two machines may differ.
    """
    if not try_lock(EXPORTS_LOCK) or Export.objects.filter(lease_until__gt=Now()).exists():
        return None
    due = Export.objects.filter(OPEN).exclude(attempts__gt=0, attempted_at__gt=Now() - EXPORT_LEASE)
    _give_up(due.filter(attempts__gte=MAX_PART_ATTEMPTS))
    export = due.order_by(F("attempted_at").asc(nulls_first=True), "id").first()
    if export is not None:
        export.lease_token = uuid4()
        Export.objects.filter(pk=export.pk).update(
            lease_token=export.lease_token,
            lease_until=Now() + EXPORT_LEASE,
            attempted_at=Now(),
            attempts=F("attempts") + 1,
        )
    return export


def _give_up(exports: QuerySet[Export]) -> None:
    for export in exports:
        log.error("export_given_up", export=export.pk)
        Export.objects.filter(pk=export.pk).update(failed_at=Now())


def _write_part(export: Export) -> bool:
    """Write and store the next part. Returns False if the lease was lost or it failed."""
    try:
        return _store_next_part(export)
    except OSError as error:
        log.warning("export_not_written", export=export.pk, error=type(error).__name__)
        return False
    finally:
        _update(export, lease_token=None, lease_until=None)


def _store_next_part(export: Export) -> bool:
    with TemporaryFile() as file:
        part = _fill(export, file)
        if part is None:
            return False
        size = file.tell()
        file.seek(0)
        # under a name of this attempt, so that a worker that lost its lease disturbs no other
        name = f"{export.folder}/{len(export.parts) + 1:04}-{export.lease_token}.csv"
        stored = storage().save(name, File(file))
    if _settle(export, part, stored, size):
        return True
    storage().delete(stored)
    return False


def _fill(export: Export, file: IO[bytes]) -> Part | None:
    """Write chunks until the time of the part is up. Returns None if the lease was lost."""
    matching = MessageFilter.from_json(export.matching)
    part, deadline = Part(position=export.position), time.monotonic() + PART_SECONDS
    if not export.parts:
        file.write(heading_line().encode())
    while _renew_lease(export):
        beyond = LogPosition.parse(part.position)
        page = pages.page(matching, EXPORT_CHUNK_SIZE, beyond, up_to=export.up_to)
        file.write(entry_lines(page.entries).encode())
        part.rows += len(page.entries)
        part.more = page.more
        if page.entries:
            part.position = str(page.entries[-1].position)
        if not part.more or time.monotonic() > deadline:
            return part
    return None


def _renew_lease(export: Export) -> bool:
    return _update(export, lease_until=Now() + EXPORT_LEASE)


def _settle(export: Export, part: Part, stored: str, size: int) -> bool:
    """Add the part to the export and end the lease. Returns False if the lease was lost."""
    return _update(
        export,
        parts=[*export.parts, stored],
        rows=F("rows") + part.rows,
        bytes=F("bytes") + size,
        position=part.position,
        attempts=0,
        lease_token=None,
        lease_until=None,
        finished_at=None if part.more else Now(),
    )


def _update(export: Export, **values: Any) -> bool:
    """Update the export. Returns False, without a change, if the lease was lost."""
    leased = Export.objects.filter(pk=export.pk, lease_token=export.lease_token)
    return bool(leased.update(**values))
