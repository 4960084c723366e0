"""Whether the transaction, or the savepoint, in which something was saved came to be committed."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

MAX_HOOKS_SEARCHED = 4
"""How many outcomes are looked at for one to share. Sharing only saves memory; a long search would cost a bulk load quadratic time."""


class TransactionState:
    """One per transaction and savepoint level, kept among the connection's commit hooks: run at commit, removed at rollback.

    It stands first among the hooks, so that a later hook that saves a record again, or fails, finds the matter settled.
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
"""Of what is written in autocommit."""
AUTOCOMMIT.committed = True


def current_transaction_state(using: str | None) -> TransactionState:
    """The outcome of what was just written on the connection `using`."""
    connection: Any = connections[using or DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        return AUTOCOMMIT
    # None stands for an atomic block without a savepoint of its own, which is rolled back with the block around it.
    savepoints = set(connection.savepoint_ids) - {None}
    for hook in connection.run_on_commit[:MAX_HOOKS_SEARCHED]:
        if isinstance(hook[1], TransactionState) and hook[0] == savepoints:
            return hook[1]
    outcome = TransactionState(connection)
    connection.run_on_commit.insert(0, (savepoints, outcome, True))
    return outcome
