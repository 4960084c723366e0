"""The ids that records have in the point of sale, or in the system that a business used before.

An external id is unique per business and kind of record, so an import or a till finds its record
by it. A record may have none.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from customers.composed import ComposedCharField
from customers.errors import ActionRefused, refused_if_taken
from customers.models.tenant import BelongsToBusiness

MAX_EXTERNAL_ID: Final = 100
"""Characters. Other systems use numbers, codes or UUIDs, which are shorter."""
UNIQUE_SUFFIX: Final = "_external_id_unique"
"""The end of the constraints' names."""


class HasExternalId(BelongsToBusiness):
    external_id = ComposedCharField(
        "external ID",
        max_length=MAX_EXTERNAL_ID,
        blank=True,
        default="",
        db_default="",
        help_text="The ID in your point of sale or former system, if it has one.",
    )

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Refuse an external id that another record has, at its own field.

        The database decides if two saves race: see `refused_if_external_id_taken`.
        """
        excluded = set(exclude or ())
        if (
            "external_id" not in excluded
            and self._is_external_id_new()
            and self._has_external_id_of_another()
        ):
            raise ValidationError(
                {"external_id": _taken(type(self), self.external_id).message},
                code="external_id_taken",
            )
        super().validate_constraints(exclude={*excluded, "external_id"})

    @contextmanager
    def refused_if_external_id_taken(self) -> Iterator[None]:
        """Raise ActionRefused when a save in the block gives an external id that is taken."""
        new = self.external_id if self._is_external_id_new() else ""
        with refused_if_external_id_taken(type(self), new):
            yield

    def _is_external_id_new(self) -> bool:
        return self.external_id not in {"", self.stored_value("external_id")}

    def _has_external_id_of_another(self) -> bool:
        manager: models.Manager[Any] = type(self)._base_manager
        records = manager.filter(business=self.tenant_id(), external_id=self.external_id)
        return records.exclude(pk=self.pk).exists()


def unique_external_id(model: str) -> models.UniqueConstraint:
    """Return the constraint for the Meta of a model, whose name is in small letters."""
    return models.UniqueConstraint(
        fields=["business", "external_id"],
        name=f"{model}{UNIQUE_SUFFIX}",
        condition=~Q(external_id=""),
    )


@contextmanager
def refused_if_external_id_taken(model: type[models.Model], external_id: str) -> Iterator[None]:
    """Raise ActionRefused when a save in the block violates the model's `unique_external_id`."""
    if not external_id:
        yield
        return
    with refused_if_taken(UNIQUE_SUFFIX, _taken(model, external_id)):
        yield


def _taken(model: type[models.Model], external_id: str) -> ActionRefused:
    return ActionRefused(
        f"Another {model._meta.verbose_name} has the external ID {external_id}.",
        "external_id_taken",
        "external_id",
    )
