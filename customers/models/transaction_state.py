"""The state of a save's transaction or savepoint: open, committed or rolled back."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

MAX_HOOKS_SEARCHED = 4
"""Hooks that are searched for a state to share. Sharing only saves memory; an unlimited search
would make bulk loads quadratic."""


class TransactionState:
    """The state of one transaction at one savepoint level, registered as a commit hook.

    Django runs the hook at commit and removes it at rollback. It is the first hook, so that a later
    hook that saves a record again, or fails, already sees the transaction as committed.
    """

    __slots__ = ("committed", "connection")

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.committed = False

    def __call__(self) -> None:
        self.committed = True

    @property
    def rolled_back(self) -> bool:
        return not self.committed and not any(
            hook[1] is self for hook in self.connection.run_on_commit
        )


AUTOCOMMIT = TransactionState(None)
"""The state of everything that is written in autocommit."""
AUTOCOMMIT.committed = True


def current_transaction_state(using: str | None) -> TransactionState:
    """Return the state of the transaction in which the connection `using` just wrote."""
    connection: Any = connections[using or DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        return AUTOCOMMIT
    # None is an atomic block without its own savepoint: it is rolled back with the outer block.
    savepoints = set(connection.savepoint_ids) - {None}
    for hook in connection.run_on_commit[:MAX_HOOKS_SEARCHED]:
        if isinstance(hook[1], TransactionState) and hook[0] == savepoints:
            return hook[1]
    state = TransactionState(connection)
    connection.run_on_commit.insert(0, (savepoints, state, True))
    return state
