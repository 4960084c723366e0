"""How long PostgreSQL may keep each kind of work waiting.

The timeouts are set by the first statement of each transaction and end with it. In autocommit each
statement is a transaction. So nothing is left behind on a connection, and a connection pooler in
transaction mode may stand between. They travel with the statement, so they cost no round trip.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple, Self

from psycopg import ClientCursor
from psycopg.pq import TransactionStatus
from psycopg.sql import SQL, Composable


class Timeouts(NamedTuple):
    """PostgreSQL's timeouts, in milliseconds; 0 is none."""

    lock: int = 0
    """For each lock that a statement waits for."""
    statement: int = 0
    idle_in_transaction: int = 0
    """A program that is frozen within a transaction keeps its locks at most for this long."""
    may_read_whole_tables: bool = True
    """Otherwise PostgreSQL reads a table whole only where no index serves."""


UNLIMITED: Final = Timeouts()
"""For a person at a shell, who ends a statement that takes too long."""
WEB: Final = Timeouts(lock=3_000, statement=10_000, idle_in_transaction=15_000)
"""Locks are held for milliseconds, by background work for at most half a second. A till that waits
for longer gets a 503, and its thread is free for others. No page needs a tenth of 10 s."""
EXPORT: Final = Timeouts(lock=3_000, statement=20_000, idle_in_transaction=20_000)
"""Shorter than the lease of an export, which is renewed between statements. Each reads a chunk, in
a fraction of a second."""
IMPORT: Final = Timeouts(lock=3_000, statement=15_000, idle_in_transaction=15_000)
"""Shorter than the lease of an import, which is renewed with each chunk."""
WORKER: Final = Timeouts(lock=10_000, statement=100_000, idle_in_transaction=20_000)
"""Shorter than CELERY_TASK_SOFT_TIME_LIMIT: PostgreSQL ends a statement before Celery ends its
task, and also when the worker that sent it is gone. What must not keep saves waiting gives up much
sooner: see `events.outbox.lock_timeout`."""
DELIVERY: Final = WORKER._replace(may_read_whole_tables=False)
"""Each statement of a delivery wants some rows of large tables, and knows their keys. PostgreSQL
takes a few hundred keys for a reason to read all customers, and an outbox that was empty when it
last looked for one that is read fastest as a whole."""
MIGRATION: Final = Timeouts(lock=2_000)
"""Everybody queues behind a migration that waits for a lock. Shorter than the lock timeout of WEB,
so that the others then go on without an error."""

# PostgreSQL refuses these in a transaction. None of them makes reads or writes of rows wait.
NOT_IN_TRANSACTION: Final = re.compile(
    r"\s*(VACUUM|(CREATE|DROP) DATABASE|(CREATE|DROP|ALTER|REINDEX) .*\bCONCURRENTLY\b)",
    re.IGNORECASE | re.DOTALL,
)

_of_process = UNLIMITED
_of_block: ContextVar[Timeouts | None] = ContextVar("timeouts", default=None)


def use_in_process(timeouts: Timeouts) -> None:
    """Apply them from now on, also in processes that are forked from this one."""
    global _of_process  # noqa: PLW0603 - one per process
    _of_process = timeouts


@contextmanager
def use(timeouts: Timeouts) -> Iterator[None]:
    """Apply them to the transactions that begin in this block."""
    token = _of_block.set(timeouts)
    try:
        yield
    finally:
        _of_block.reset(token)


def current() -> Timeouts:
    return _of_block.get() or _of_process


class CursorWithTimeouts(ClientCursor[Any]):
    """A cursor like Django's, which also sets the timeouts when a statement begins a transaction.

    PostgreSQL runs statements that it gets together in one transaction.
    """

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        timeouts = current()
        if (
            timeouts == UNLIMITED
            or self.connection.pgconn.transaction_status != TransactionStatus.IDLE
            or NOT_IN_TRANSACTION.match(query if isinstance(query, str) else "")
        ):
            return super().execute(query, params, **options)
        settings = _set_local(timeouts)
        super().execute(
            SQL(settings) + query if isinstance(query, Composable) else settings + query,
            params,
            **options,
        )
        # The result of each SET comes before that of the statement.
        for _ in range(settings.count(";")):
            self.nextset()
        return self


def _set_local(timeouts: Timeouts) -> str:
    lock, statement, idle, may_read_whole_tables = timeouts
    settings = (
        f"SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {statement}; "
        f"SET LOCAL idle_in_transaction_session_timeout = {idle}; "
    )
    return settings if may_read_whole_tables else f"{settings}SET LOCAL enable_seqscan = off; "
