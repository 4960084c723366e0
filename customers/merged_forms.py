"""Forms that save what their user changed, and nothing else.

A page may stand open while a customer, a till or a colleague changes the same record. The page
carries a digest of each value that it showed. When it is sent, a field whose value is still the one
that was shown was not changed by the user, so it keeps what is stored now. Where the user and
somebody else changed the same field to different values, nothing is saved until the user has chosen
one of them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms.widgets import ChoiceWidget
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = object

SEEN: Final = "_seen"
"""The name under which a page carries its digests: by the prefix of the form, then by field."""
IN_CONFLICT: Final = "_in_conflict"
"""The names of the fields about which the page asks its user."""
CHOICE: Final = "_choice-"
"""Followed by the name of the field: which value the user chose."""
MINE, STORED = "mine", "stored"
ROW: Final = "@row"
"""Among a form's digests, that of its record's key: rows may move within a formset."""
DIGEST_LENGTH: Final = 16
CHANGED_BY_BOTH: Final = (
    "Somebody else changed this meanwhile. Choose a value at the top of the page."
)

Digests = dict[str, str]


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field that the user and somebody else changed to different values."""

    name: str
    """Of the field in the page."""
    label: str
    mine: str
    stored: str

    @property
    def choice(self) -> str:
        return f"{CHOICE}{self.name}"


def seen_values(data: Mapping[str, Any] | None) -> dict[str, Digests]:
    """Return the digests that a page carries. A page without any, or with a wrong text, has none.

    They only decide what counts as changed, so a forged one harms nobody but its sender.
    """
    try:
        seen = json.loads((data or {}).get(SEEN) or "{}")
    except ValueError:
        return {}
    if not isinstance(seen, dict):
        return {}
    return {
        prefix: {str(name): str(digest) for name, digest in digests.items()}
        for prefix, digests in seen.items()
        if isinstance(digests, dict)
    }


class MergedForm(_ModelForm):
    """Mixin for the form of one record, its `instance`. Other classes of the form follow it.

    A form that never shows a stored value names it in `stored_secrets`, by field.
    """

    seen_name: ClassVar[str] = SEEN
    in_conflict_name: ClassVar[str] = IN_CONFLICT
    changed_by_both: ClassVar[str] = CHANGED_BY_BOTH
    """The error of a field about which the page asks."""
    stored_secrets: Mapping[str, str] = {}
    _errors: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts: list[FieldConflict] = []
        self._kept: set[str] = set()
        seen = seen_values(self.data).get(self.prefix or "", {}) if self.is_bound else {}
        self.is_gone = bool(seen) and self.instance.pk is None and bool(seen.get(ROW))
        is_same = self.is_gone or seen.get(ROW) == self._row_digest()
        self._seen: Digests = seen if is_same else {}

    @property
    def changed_data(self) -> list[str]:
        """Return the names of the fields that the user changed."""
        if not self._seen:
            unmerged: list[str] = super().changed_data
            return unmerged
        # The digests are compared with what was entered, once that is cleaned.
        if self._errors is None:
            self.full_clean()
        return [name for name in self._merged_fields() if name not in self._kept]

    def digests(self) -> Digests:
        """Return what the page, shown now, carries for this form.

        A page that is shown again keeps its digests, for it shows what its user entered. Of fields
        in conflict it shows both values.
        """
        asked = {conflict.name for conflict in self.conflicts}
        return {
            name: self._digest(name, self._stored(name))
            if name not in self._seen or self.add_prefix(name) in asked
            else self._seen[name]
            for name in self._merged_fields()
        } | {ROW: self._row_digest()}

    def seen(self) -> str:
        """Return what a page with this form alone carries."""
        return json.dumps({self.prefix or "": self.digests()}, separators=(",", ":"))

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        if not self._seen:
            return
        for name in self._merged_fields():
            self._merge(name)
        if self._is_unwanted():
            self._errors.clear()

    def _post_clean(self) -> None:
        """Let the record keep its present values of the fields that the user did not change."""
        if self._is_unwanted():
            return
        kept = {name: self.cleaned_data.pop(name) for name in self._kept & {*self.cleaned_data}}
        super()._post_clean()  # type: ignore[misc]
        for name, value in kept.items():
            self.cleaned_data[name] = getattr(self.instance, name, value)

    def _is_unwanted(self) -> bool:
        """Return whether somebody deleted this row and the user did not change it."""
        return self.is_gone and self._kept >= self._merged_fields().keys()

    def _merge(self, name: str) -> None:
        """Decide whether the field keeps what is stored, or takes what was entered."""
        shown, stored = self._seen.get(name), self._digest(name, self._stored(name))
        entered = self._digest(name, self.cleaned_data[name]) if name in self.cleaned_data else None
        choice = self.data.get(f"{CHOICE}{self.add_prefix(name)}")
        is_asked = self.add_prefix(name) in self._asked()
        if is_asked and choice not in {MINE, STORED}:
            self._ask(name)
        elif (choice == STORED and stored == shown) or (
            entered is not None and entered in {shown, self._left_empty(name)}
        ):
            self._keep(name)
        elif stored not in {shown, entered}:
            self._ask(name)

    def _left_empty(self, name: str) -> str | None:
        """Return the digest of an empty secret, which keeps the stored one."""
        return self._digest(name, "") if name in self.stored_secrets else None

    def _keep(self, name: str) -> None:
        self._kept.add(name)
        self._errors.pop(name, None)
        self.cleaned_data[name] = self.get_initial_for_field(self.fields[name], name)

    def _ask(self, name: str) -> None:
        entered = self.cleaned_data.get(name, self._raw(name))
        self.conflicts.append(
            FieldConflict(
                self.add_prefix(name),
                str(self[name].label),
                self.in_words(name, entered),
                self.in_words(name, self._stored(name)),
            )
        )
        self.add_error(name, ValidationError(self.changed_by_both, code="changed_by_both"))

    def in_words(self, name: str, value: Any) -> str:
        """Return a value of the field as its user reads it."""
        field = self.fields[name]
        if name in self.stored_secrets:
            return f"the one that ends in {str(value)[-4:]}" if value else "none"
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if value in {None, ""} if not isinstance(value, (list, tuple)) else not value:
            return "nothing"
        if isinstance(field, forms.ModelChoiceField):
            many = isinstance(field, forms.ModelMultipleChoiceField)
            return ", ".join(map(str, self._records(field, value if many else [value])))
        labels = {str(key): str(label) for key, label in getattr(field, "choices", None) or ()}
        values = value if isinstance(value, (list, tuple)) else [value]
        if labels:
            return ", ".join(labels.get(str(each), str(each)) for each in values)
        parts = self._as_entered(name, value)
        return " ".join(filter(None, parts))

    def _records(self, field: Any, values: Any) -> list[Any]:
        keys = [value.pk if isinstance(value, Model) else value for value in values]
        return list(field.queryset.model._base_manager.filter(pk__in=keys))

    def _asked(self) -> list[str]:
        return self.data.getlist(IN_CONFLICT) if hasattr(self.data, "getlist") else []

    def _merged_fields(self) -> dict[str, forms.Field]:
        """Return the fields that a user can change; not the row's id or its parent."""
        return {
            name: field
            for name, field in self.fields.items()
            if not field.disabled and not isinstance(field.widget, ROW_KEYS) and name != "DELETE"
        }

    def _stored(self, name: str) -> Any:
        if name in self.stored_secrets:
            return self.stored_secrets[name]
        return self.get_initial_for_field(self.fields[name], name)

    def _raw(self, name: str) -> Any:
        return self[name].data

    def _digest(self, name: str, value: Any) -> str:
        return self._keyed_digest(name, json.dumps(self._as_entered(name, value)))

    def _row_digest(self) -> str:
        """Return a digest of the key, which itself would tell how many records there are."""
        return "" if self.instance.pk is None else self._keyed_digest(ROW, str(self.instance.pk))

    def _keyed_digest(self, name: str, content: str) -> str:
        salt = f"{__name__} {type(self.instance)._meta.label} {name}"
        return salted_hmac(salt, content, algorithm="sha256").hexdigest()[:DIGEST_LENGTH]

    def _as_entered(self, name: str, value: Any) -> list[str]:
        """Return the value as its widget shows it: what is equal there was not changed."""
        field = self.fields[name]
        if isinstance(value, Model):
            value = value.pk
        if isinstance(field, forms.ModelMultipleChoiceField):
            return sorted(str(each.pk if isinstance(each, Model) else each) for each in value or ())
        if isinstance(field, forms.BooleanField):
            return [str(bool(value))]
        widget: Any = getattr(field.widget, "widget", field.widget)
        prepared = field.prepare_value(value)
        if isinstance(widget, forms.MultiWidget):
            parts: Any = prepared if isinstance(prepared, list) else widget.decompress(prepared)
            texts = [
                part_widget.format_value(part)
                for part_widget, part in zip(widget.widgets, parts, strict=False)
            ]
        elif isinstance(prepared, (list, tuple)):
            texts = sorted(map(str, prepared))
        elif isinstance(widget, ChoiceWidget):
            texts = ["" if prepared is None else prepared]
        else:
            texts = [widget.format_value(prepared)]
        return [_normal(text) for text in texts]


def _normal(text: Any) -> str:
    return "" if text is None else "\n".join(str(text).strip().splitlines())


def merged(form: type[Any]) -> type[Any]:
    """Return the form's class with the mixin."""
    if issubclass(form, MergedForm):
        return form
    metaclass: Any = type(form)
    return metaclass(form.__name__, (MergedForm, form), {})  # type: ignore[no-any-return]


ROW_KEYS: Final = (forms.HiddenInput,)
"""The widgets of a row's id and of its parent. Nobody changes what is hidden."""
