"""Text in Unicode's composed form (NFC).

A Mac sends the é of José as an e and an accent, and most programs as one character. Both are stored
and sent as one character, so that they are the same in searches, in names that must be unique, and
in traits.
"""

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import models

__all__ = ["ComposedCharField", "ComposedEmailField", "ComposedTextField", "composed"]

if TYPE_CHECKING:
    from django.db.models import CharField as ComposedCharField
    from django.db.models import EmailField as ComposedEmailField
    from django.db.models import TextField as ComposedTextField


def composed(value: Any) -> Any:
    """Return a text in NFC, and any other value as it is."""
    if not isinstance(value, str) or value.isascii():
        return value
    return unicodedata.normalize("NFC", value)


if not TYPE_CHECKING:

    class Composed:
        """Mixin for columns of text: composes what is saved, updated, looked up and validated.

        For migrations it is Django's own column, which has the same type in the database.
        """

        def to_python(self, value: Any) -> Any:
            return composed(super().to_python(value))

        def get_prep_value(self, value: Any) -> Any:
            return composed(super().get_prep_value(value))

        def pre_save(self, model_instance: Any, add: bool) -> Any:
            value = super().pre_save(model_instance, add)
            stored = composed(value)
            if stored is not value:
                # The record shows what was stored, also to receivers.
                setattr(model_instance, self.attname, stored)
            return stored

        def deconstruct(self) -> Any:
            name, _, args, kwargs = super().deconstruct()
            kind = next(base for base in type(self).__mro__ if base.__module__ in DJANGO_FIELDS)
            return name, f"django.db.models.{kind.__name__}", args, kwargs

    DJANGO_FIELDS = {models.CharField.__module__}

    class ComposedCharField(Composed, models.CharField):
        pass

    class ComposedTextField(Composed, models.TextField):
        pass

    class ComposedEmailField(Composed, models.EmailField):
        pass
