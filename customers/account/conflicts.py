"""Forms that ask a customer who changed what the business changed meanwhile, too."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from customers.merged_forms import CHOICE, MINE, STORED, FieldConflict

STORED_THEN: Final = "_stored-"
"""Followed by the field's name: the stored value between which and their own customers choose."""
MUST_CHOOSE: Final = "This was changed while your page was open. Choose which to keep."


@dataclass(frozen=True, slots=True)
class AccountConflict(FieldConflict):
    @property
    def stored_name(self) -> str:
        """The name of the hidden field that says between which values the customer chooses."""
        return f"{STORED_THEN}{self.name}"


class MergedAccountForm(forms.Form):
    """Mixin for a form that saves only what the customer changed.

    The page carries the values that it showed, as hidden fields. Another tab, a reply to a text or
    the business may change other fields meanwhile. Where one changed the same field to another
    value, the page shows both, and nothing is saved until the customer has chosen one.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts: list[AccountConflict] = []
        for field in self.fields.values():
            field.show_hidden_initial = True

    @cached_property
    def changed_data(self) -> list[str]:
        """Return the names of the fields that the customer changed and wants to change still."""
        return [
            name
            for name, field in self.fields.items()
            if self[name]._has_changed()  # type: ignore[attr-defined]  # noqa: SLF001
            and not (self._choice(name) == STORED and self._is_asked(name))
            and field.has_changed(self._stored(name), self[name].data)
        ]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.changed_data:
            if name in data and self._is_asked(name) and self._choice(name) != MINE:
                self._ask(name)
        return data

    def _is_asked(self, name: str) -> bool:
        """Return whether the business, too, changed the field since the page was shown."""
        shown = self.data.get(self[name].html_initial_name)
        return shown is not None and self.fields[name].has_changed(self._stored(name), shown)

    def _choice(self, name: str) -> str | None:
        """Return the customer's choice. Another value stored after the question has none."""
        is_about_this = self.data.get(f"{STORED_THEN}{name}") == str(self._stored(name))
        return self.data.get(f"{CHOICE}{name}") if is_about_this else None

    def _stored(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    def _ask(self, name: str) -> None:
        self.conflicts.append(
            AccountConflict(
                name,
                str(self[name].label),
                str(self[name].data),
                str(self._stored(name)),
            )
        )
        self.add_error(name, ValidationError(MUST_CHOOSE, code="changed_by_both"))
