from django.core.exceptions import ValidationError
from django.db import models

from customers.models.tracked import Tracked


class OfBusiness(Tracked):
    """A record that belongs to one business and may refer only to records of the same one."""

    class Meta:
        abstract = True

    def tenant_id(self) -> int | None:
        business_id: int | None = getattr(self, "business_id")  # noqa: B009 - declared by each concrete model
        return business_id

    def clean(self) -> None:
        super().clean()
        foreign = self._references_to_other_businesses()
        if foreign:
            raise ValidationError({name: f"This {name.replace('_', ' ')} belongs to another business." for name in foreign})

    def _references_to_other_businesses(self) -> list[str]:
        return [
            field.name
            for field in self._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and issubclass(field.related_model, OfBusiness)
            and getattr(self, field.attname) is not None
            and getattr(self, field.name).tenant_id() != self.tenant_id()
        ]
