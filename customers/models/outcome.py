"""Whether the transaction, or the savepoint, in which something was saved came to be committed."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

NEAREST = 4
"""How many outcomes are looked at for one to share. Sharing only saves memory; a long search would cost a bulk load quadratic time."""


class Outcome:
    """One per transaction and savepoint level, kept among the connection's commit hooks: run at commit, removed at rollback.

    It stands first among the hooks, so that a later hook that saves a record again, or fails, finds the matter settled.
    """

    __slots__ = ("committed", "connection", "savepoints")

    def __init__(self, connection: Any, savepoints: frozenset[str]) -> None:
        self.connection = connection
        self.savepoints = savepoints
        self.committed = False

    def __call__(self) -> None:
        self.committed = True

    @property
    def rolled_back(self) -> bool:
        return not self.committed and not any(hook is self for _, hook, _ in self.connection.run_on_commit)


def current_outcome(using: str | None) -> Outcome:
    """The outcome of what is being written on the connection `using` right now, within an atomic block."""
    connection = connections[using or DEFAULT_DB_ALIAS]
    # None stands for an atomic block without a savepoint of its own, which is rolled back with the block around it.
    savepoints = frozenset(sid for sid in connection.savepoint_ids if sid is not None)
    for _, hook, _ in connection.run_on_commit[:NEAREST]:
        if isinstance(hook, Outcome) and hook.savepoints == savepoints:
            return hook
    outcome = Outcome(connection, savepoints)
    connection.run_on_commit.insert(0, (savepoints, outcome, True))
    return outcome
