"""Run open imports, chunk by chunk. Any worker may go on where another one stopped.

One import runs at a time, on all machines, so that imports leave the other worker processes and the
database to what happens live. Imports take turns, so a long one delays the others little.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import IO, Final
from uuid import uuid4

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from customers.advisory_locks import IMPORTS_LOCK, try_lock
from customers.budget import NO_TIME_LIMIT, Budget
from events.clock import database_now
from events.outbox.lock_timeout import LockTimeout
from smrt_integration import timeouts
from smrt_integration.imports.apply_chunk import Applied, apply_chunk
from smrt_integration.imports.control import FILE_GONE, RUNS, State
from smrt_integration.imports.models import CustomerImport
from smrt_integration.imports.next_chunk import ImportRun

log = structlog.get_logger(__name__)

IMPORT_LEASE: Final = timedelta(seconds=20)
"""Renewed with each chunk, which takes a fraction of a second. When a worker is killed, or fails,
the next attempt is this much later."""
MAX_CHUNK_ATTEMPTS: Final = 5
"""A chunk that was begun this often without success never succeeds: its worker is killed, say."""
IMPORT_GIVEN_UP: Final = (
    "It could not go on after line {number} of the file. What is before it was imported. Try "
    "again; if it fails again, ask support."
)


def run_imports(budget: Budget = NO_TIME_LIMIT) -> int:
    """Run open imports in turn, until none can go on or the time is up.

    Returns the number of chunks.
    """
    chunks, tried = 0, set[int]()
    with timeouts.use(timeouts.IMPORT):
        # One that stopped although there was time waits for something.
        while not (tried and budget.is_spent()) and (claimed := _claim(tried)):
            chunks += _run(claimed, budget)
            tried.add(claimed.pk)
    return chunks


@transaction.atomic
def _claim(tried: Collection[int] = ()) -> CustomerImport | None:
    """Lease the next import that was not tried.

    Returns None if a worker runs one, or none can go on now. The database's
    clock decides, as those of two machines may differ.
    """
    if not try_lock(IMPORTS_LOCK):
        return None
    imports = CustomerImport.objects.filter(state__in=RUNS)
    if imports.filter(lease_until__gt=Now()).exists():
        return None
    due = imports.exclude(attempts__gt=0, attempted_at__gt=Now() - IMPORT_LEASE)
    for lost in due.filter(attempts__gte=MAX_CHUNK_ATTEMPTS):
        _fail(lost, IMPORT_GIVEN_UP.format(number=lost.line_number))
    claimed = (
        due.filter(attempts__lt=MAX_CHUNK_ATTEMPTS)
        .exclude(pk__in=tried)
        .select_related("business")
        .order_by(F("attempted_at").asc(nulls_first=True), "id")
        .first()
    )
    if claimed is not None:
        claimed.lease_token = uuid4()
        CustomerImport.objects.filter(pk=claimed.pk).update(
            lease_token=claimed.lease_token,
            lease_until=Now() + IMPORT_LEASE,
            attempted_at=Now(),
            attempts=F("attempts") + 1,
        )
    return claimed


def _run(customer_import: CustomerImport, budget: Budget) -> int:
    """Write chunks until the import ends or the time is up. Returns their number."""
    chunks = 0
    try:
        with customer_import.open_file() as file:
            chunks = _write_chunks(customer_import, file, budget)
    except FileNotFoundError:
        _fail(customer_import, FILE_GONE)
    except OSError as error:
        log.warning(
            "import_not_read", customer_import=customer_import.pk, error=type(error).__name__
        )
    finally:
        _update_leased(customer_import, lease_token=None, lease_until=None)
    return chunks


def _write_chunks(customer_import: CustomerImport, file: IO[bytes], budget: Budget) -> int:
    work = ImportRun(customer_import, file, database_now())
    chunks = 0
    while True:
        chunk = work.next_chunk()
        try:
            applied = apply_chunk(customer_import, chunk, work.now)
        except LockTimeout:
            # A save holds what the chunk needs. The next run tries again.
            _update_leased(customer_import, attempts=0)
            return chunks
        if applied is Applied.NOT_OURS:
            return chunks
        chunks += 1
        before = customer_import.postponed
        customer_import.refresh_from_db(fields=["state", "postponed"])
        if customer_import.state == State.FINISHED:
            return chunks
        if chunk.are_postponed and customer_import.postponed >= before:
            # Saves still hold these customers.
            return chunks
        if budget.is_spent() or not _renew_lease(customer_import):
            return chunks


def _fail(customer_import: CustomerImport, sentence: str) -> None:
    log.error("import_failed", customer_import=customer_import.pk)
    CustomerImport.objects.filter(pk=customer_import.pk).update(
        state=State.FAILED, failure=sentence, ended_at=Now(), lease_token=None, lease_until=None
    )


def _renew_lease(customer_import: CustomerImport) -> bool:
    return _update_leased(customer_import, lease_until=Now() + IMPORT_LEASE)


def _update_leased(customer_import: CustomerImport, **values: object) -> bool:
    """Update the import. Returns False, without a change, if the lease was lost."""
    leased = CustomerImport.objects.filter(
        pk=customer_import.pk, lease_token=customer_import.lease_token
    )
    return bool(leased.update(**values))
