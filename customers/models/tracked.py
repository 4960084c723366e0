"""Tell receivers what a save changed, without a query: each record remembers its row's values."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self, cast

from django.db import models, router, transaction
from django.db.models.base import ModelBase
from django.db.models.expressions import Combinable
from django.db.models.query import QuerySet
from django.db.models.signals import post_save

from customers.models.transaction_state import TransactionState, current_transaction_state

Values = dict[str, Any]
MISSING = object()


@cache
def attnames(model: type[models.Model]) -> frozenset[str]:
    """Return the attnames of the model's columns, without the primary key."""
    return frozenset(
        column.attname for column in model._meta.concrete_fields if not column.primary_key
    )


@cache
def attname_of(model: type[models.Model]) -> Mapping[str, str]:
    """Return the attname of each name that `update_fields` may use."""
    columns = [column for column in model._meta.concrete_fields if not column.primary_key]
    return {column.name: column.attname for column in columns} | {
        column.attname: column.attname for column in columns
    }


@dataclass(slots=True)
class Saving:
    """A save in progress. When a receiver saves the instance again, that save has its own."""

    names: frozenset[str]
    before: Values | None
    values: Values = field(default_factory=dict)
    """The written values by attname, without the results of expressions."""


class Tracked(models.Model):
    """The base of all records: `before` and `changed` tell a `post_save` receiver what changed.

    Each save updates the remembered values. After a rollback the next save restores them first, so
    that saving the same instance again reports the change again. A direct call of
    `transaction.savepoint_rollback` is not noticed, because Django runs no hook for it. A save and
    everything that its receivers write are one transaction, in autocommit, too.
    """

    _stored: Values | None = None
    """The column values by attname after the latest save or read. None before the first."""
    _undo_log: tuple[tuple[TransactionState, Values | None], ...] = ()
    """Transactions that may still be rolled back, oldest first, each with `_stored` before it."""
    _saving: Saving | None = None

    class Meta:
        abstract = True

    @property
    def before(self) -> Values | None:
        """The row's values by attname before the save in progress.

        None when the save creates the row, or no save is in progress.
        """
        return self._saving.before if self._saving else None

    @property
    def changed(self) -> set[str]:
        """The attnames whose values in the database the save in progress changed.

        When the save creates the row, all that it wrote.
        """
        saving = self._saving
        if saving is None:
            return set()
        if saving.before is None:
            return set(saving.names)
        return {
            name
            for name in saving.names
            if self._differ(
                name, saving.before.get(name, MISSING), saving.values.get(name, MISSING)
            )
        }

    def stored_value(self, name: str) -> Any:
        """Return a column's value after the latest save or read, by attname. None before both."""
        return (self._stored or {}).get(name)

    def save(
        self,
        *,
        force_insert: bool | tuple[ModelBase, ...] = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> None:
        using = using or router.db_for_write(type(self), instance=self)
        if update_fields is not None:
            update_fields = frozenset(update_fields)
        outer = self._saving
        try:
            with transaction.atomic(using=using, savepoint=False):
                self._apply_rollbacks()
                names = self._attnames_to_write(update_fields)
                self._saving = Saving(
                    names, None if force_insert else self._values_before(names, using)
                )
                super().save(
                    force_insert=force_insert,
                    force_update=force_update,
                    using=using,
                    update_fields=update_fields,
                )
        finally:
            self._saving = outer

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: "QuerySet[Self] | None" = None,
    ) -> None:
        fields = None if fields is None else list(fields)
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        self._apply_rollbacks()
        names = [
            c.attname
            for c in self._meta.concrete_fields
            if fields is None or c.name in fields or c.attname in fields
        ]
        self._stored = {**(self._stored or {}), **self._loaded_values(names)}

    def send_created(self, using: str) -> None:
        """Send post_save for a row that was inserted without `save`. Call in an atomic block."""
        self._state.adding = False
        self._state.db = using
        self._saving = Saving(attnames(type(self)), None)
        try:
            self._remember(self._saving, using)
            post_save.send(
                sender=type(self),
                instance=self,
                created=True,
                update_fields=None,
                raw=False,
                using=using,
            )
        finally:
            self._saving = None

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any
    ) -> Self:
        record = super().from_db(db, field_names, values, **kwargs)
        record._stored = dict(zip(field_names, values, strict=False))  # noqa: SLF001
        return record

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the remembered values of the row: a copy may outlive the transaction.

        The first save of the copy queries the row.
        """
        state = super().__getstate__()
        for name in ("_stored", "_undo_log", "_saving"):
            state.pop(name, None)
        return state

    def _save_table(
        self,
        raw: bool = False,
        cls: type[models.Model] | None = None,
        force_insert: bool = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Iterable[str] | None = None,
    ) -> bool:
        """Write the row, and remember its values before any receiver is called.

        A receiver that saves this instance again must compare with the values of this save.
        """
        updated: bool = super()._save_table(  # type: ignore[misc]
            raw, cls, force_insert, force_update, using, update_fields
        )
        if self._saving is None:
            # A fixture is loaded without `save`. The next save queries the row.
            self._stored = None
            return updated
        if not updated:
            self._saving.before = None
        self._remember(self._saving, using)
        return updated

    def _remember(self, saving: Saving, using: str | None) -> None:
        state = current_transaction_state(using)
        if not self._undo_log or self._undo_log[-1][0] is not state:
            self._undo_log = (*self._undo_log, (state, self._stored))
        saving.values = self._loaded_values(saving.names)
        stored = {**(saving.before or {}), **saving.values, self._meta.pk.attname: self.pk}
        for name in saving.names - saving.values.keys():
            stored.pop(name, None)
        self._stored = stored

    def _apply_rollbacks(self) -> None:
        """Restore the values from before a rollback, and drop committed entries of the undo log."""
        if not self._undo_log:
            return
        still_open = []
        for state, stored in self._undo_log:
            if state.rolled_back:
                self._stored = stored
                break
            if not state.committed:
                still_open.append((state, stored))
        self._undo_log = tuple(still_open)

    def _attnames_to_write(self, update_fields: frozenset[str] | None) -> frozenset[str]:
        if update_fields is None:
            names = attnames(type(self))
            # Django does not write columns that are deferred and unassigned.
            return names if self.__dict__.keys() >= names else names & self.__dict__.keys()
        attname_by_name = attname_of(type(self))
        return frozenset(attname_by_name[name] for name in update_fields if name in attname_by_name)

    def _values_before(self, names: frozenset[str], using: str) -> Values | None:
        """Return the row's values from memory, or None when there is no row yet.

        Queries only columns that are written and were never read: deferred ones, or all columns of
        an instance that was constructed with the key of an existing row.
        """
        if self.pk is None:
            return None
        stored = self._stored
        if stored is None or stored.get(self._meta.pk.attname) != self.pk:
            stored = {}
        unread = names - stored.keys()
        if not unread:
            return stored
        row: Mapping[str, Any] | None = (
            type(self)._base_manager.using(using).filter(pk=self.pk).values(*unread).first()
        )
        return None if row is None else {**stored, **row, self._meta.pk.attname: self.pk}

    def _loaded_values(self, names: Iterable[str]) -> Values:
        """Return the loaded values, without expressions such as F("total") + 1.

        Only the database knows the result of an expression.
        """
        values = self.__dict__
        loaded = {name: values[name] for name in names if name in values}
        if any(issubclass(kind, Combinable) for kind in set(map(type, loaded.values()))):
            return {
                name: value for name, value in loaded.items() if not isinstance(value, Combinable)
            }
        return loaded

    def _differ(self, name: str, before: Any, after: Any) -> bool:
        if after is before or after == before:
            return False
        if before is MISSING or after is MISSING:
            return True
        column = cast("models.Field[Any, Any]", self._meta.get_field(name))
        return bool(column.to_python(after) != column.to_python(before))
