"""Actions: saves that belong together, so that receivers of signals can write once for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, transaction
from django.dispatch import Signal

from customers.models.transaction_state import TransactionState, current_transaction_state

action_ended: Final = Signal()
"""Sent at the end of each action, within its transaction. `put_off` is what receivers put off."""


class Action:
    """The saves of one action so far, in the transaction that contains it."""

    def __init__(self) -> None:
        self._put_off: list[tuple[TransactionState, Any]] = []

    def put_off(self, work: Any) -> None:
        """Keep the work of the save in progress until the action ends."""
        self._put_off.append((current_transaction_state(DEFAULT_DB_ALIAS), work))

    def take(self) -> list[Any]:
        """Take out what was put off by saves that were not rolled back, in their order."""
        put_off, self._put_off = self._put_off, []
        return [work for state, work in put_off if not state.rolled_back]


_current: ContextVar[Action | None] = ContextVar("action", default=None)


def current_action() -> Action | None:
    return _current.get()


@contextmanager
def one_action() -> Iterator[None]:
    """Let receivers put off what they write until the end of this block.

    The block is all or nothing: after an exception its transaction, or the savepoint around it,
    cannot be committed. An action within another is part of it. Actions save what happens to a
    customer, such as orders, stops and visits. They save no rows that others refer to by name, such
    as employees or brands: the facts of an event are looked up in these at the end.
    """
    if _current.get() is not None:
        yield
        return
    action = Action()
    token = _current.set(action)
    try:
        with transaction.atomic(savepoint=False):
            yield
            if put_off := action.take():
                action_ended.send(sender=Action, put_off=put_off)
    finally:
        _current.reset(token)
