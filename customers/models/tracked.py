"""What a save changed, without asking the database: every record remembers the values its row had."""

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
    """The columns of a save, without the primary key, by the names of the attributes that hold their values."""
    return frozenset(
        column.attname for column in model._meta.concrete_fields if not column.primary_key
    )


@cache
def attname_of(model: type[models.Model]) -> Mapping[str, str]:
    """By what `update_fields` may call it."""
    columns = [column for column in model._meta.concrete_fields if not column.primary_key]
    return {column.name: column.attname for column in columns} | {
        column.attname: column.attname for column in columns
    }


@dataclass(slots=True)
class Saving:
    """A save in progress. Receivers may save the instance again within it, which is a save of its own."""

    names: frozenset[str]
    before: Values | None
    values: Values = field(default_factory=dict)
    """What was written, as far as it is known: not the results of expressions."""


class Tracked(models.Model):
    """Base of every record: in a `post_save` receiver, `before` and `changed` say what the save did to the row.

    The remembered values advance with each save, and fall back when a save turns out to have been rolled back, so that saving the same
    instance again reports the change again. Rolling back with the bare `transaction.savepoint_rollback` goes unnoticed: Django does not
    tell anyone about those. A save and whatever receivers write for it are one transaction, also in autocommit.
    """

    _stored: Values | None = None
    """Column values by attname as far as known, after the latest save or read; None for a row never saved or read."""
    _advances: tuple[tuple[TransactionState, Values | None], ...] = ()
    """Saves whose transaction may still be rolled back, oldest first, each with what was stored before it."""
    _saving: Saving | None = None

    class Meta:
        abstract = True

    @property
    def before(self) -> Values | None:
        """The row's values by attname before the save in progress; None when the row was created or no save is in progress."""
        return self._saving.before if self._saving else None

    @property
    def changed(self) -> set[str]:
        """Attnames whose value in the database the save in progress changed; all that it wrote when the row was created."""
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
                self._settle()
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
        self._settle()
        names = [
            c.attname
            for c in self._meta.concrete_fields
            if fields is None or c.name in fields or c.attname in fields
        ]
        self._stored = {**(self._stored or {}), **self._present(names)}

    def send_created(self, using: str) -> None:
        """Tell receivers of a row that was inserted by other means than `save`, in an atomic block, as `save` would."""
        self._state.adding = False
        self._state.db = using
        self._saving = Saving(attnames(type(self)), None)
        try:
            self._advance(self._saving, using)
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
        record._stored = dict(zip(field_names, values, strict=False))  # noqa: SLF001 - a record of this very class
        return record

    def __getstate__(self) -> dict[str, Any]:
        """A copy knows nothing of its row: it may outlive the transaction, so its first save asks the database."""
        state = super().__getstate__()
        for name in ("_stored", "_advances", "_saving"):
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
        """The row is written and the receivers are not yet called: a receiver that saves this instance again must start from here."""
        updated: bool = super()._save_table(  # type: ignore[misc]
            raw, cls, force_insert, force_update, using, update_fields
        )
        if self._saving is None:
            # A fixture is loaded, past `save`. The next save looks the row up.
            self._stored = None
            return updated
        if not updated:
            self._saving.before = None
        self._advance(self._saving, using)
        return updated

    def _advance(self, saving: Saving, using: str | None) -> None:
        outcome = current_transaction_state(using)
        if not self._advances or self._advances[-1][0] is not outcome:
            self._advances = (*self._advances, (outcome, self._stored))
        saving.values = self._present(saving.names)
        stored = {**(saving.before or {}), **saving.values, self._meta.pk.attname: self.pk}
        for name in saving.names - saving.values.keys():
            stored.pop(name, None)
        self._stored = stored

    def _settle(self) -> None:
        """Forget how to undo what was committed, and undo what was rolled back."""
        if not self._advances:
            return
        open_advances = []
        for outcome, stored in self._advances:
            if outcome.rolled_back:
                self._stored = stored
                break
            if not outcome.committed:
                open_advances.append((outcome, stored))
        self._advances = tuple(open_advances)

    def _attnames_to_write(self, update_fields: frozenset[str] | None) -> frozenset[str]:
        if update_fields is None:
            names = attnames(type(self))
            # Django leaves out the columns that were deferred and not assigned.
            return names if self.__dict__.keys() >= names else names & self.__dict__.keys()
        known = attname_of(type(self))
        return frozenset(known[name] for name in update_fields if name in known)

    def _values_before(self, names: frozenset[str], using: str) -> Values | None:
        """What the row holds, from memory; from the database where a value is written that was never read (deferred, or made by hand)."""
        if self.pk is None:
            return None
        stored = self._stored
        if stored is None or stored.get(self._meta.pk.attname) != self.pk:
            stored = {}
        unknown = names - stored.keys()
        if not unknown:
            return stored
        row: Mapping[str, Any] | None = (
            type(self)._base_manager.using(using).filter(pk=self.pk).values(*unknown).first()
        )
        return None if row is None else {**stored, **row, self._meta.pk.attname: self.pk}

    def _present(self, names: Iterable[str]) -> Values:
        """The instance's loaded values; an expression such as F("total") + 1 is none, as only the database knows the result."""
        values = self.__dict__
        present = {name: values[name] for name in names if name in values}
        if any(issubclass(kind, Combinable) for kind in set(map(type, present.values()))):
            return {
                name: value for name, value in present.items() if not isinstance(value, Combinable)
            }
        return present

    def _differ(self, name: str, before: Any, after: Any) -> bool:
        if after is before or after == before:
            return False
        if before is MISSING or after is MISSING:
            return True
        column = cast("models.Field[Any, Any]", self._meta.get_field(name))
        return bool(column.to_python(after) != column.to_python(before))
