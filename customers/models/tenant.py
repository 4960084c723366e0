"""Records that belong to a business, and the locks that actions take on them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, TypeVar, cast

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.db.models import QuerySet

from customers import storable
from customers.errors import ActionRefused
from customers.models.tracked import Tracked

if TYPE_CHECKING:
    from customers.models.customer import Customer
    from customers.models.stop import Stop

Record = TypeVar("Record", bound=models.Model)


class BelongsToBusiness(Tracked):
    """A record that belongs to one business and may refer only to records of that business."""

    class Meta:
        abstract = True

    def tenant_id(self) -> int | None:
        return cast("int | None", self.__dict__["business_id"])

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Validate the fields, first whether their texts can be stored at all."""
        texts = {
            field.name: self.__dict__.get(field.attname)
            for field in self._meta.concrete_fields
            if field.name not in (exclude or ())
        }
        if reasons := storable.problems(texts):
            raise ValidationError(reasons)
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        super().clean()
        foreign = self._references_to_other_businesses()
        if foreign:
            raise ValidationError(
                {
                    name: f"This {name.replace('_', ' ')} belongs to another business."
                    for name in foreign
                }
            )

    def lock(self, *related: str) -> None:
        """Re-read this row (with `related` rows) and lock it until the transaction ends.

        Unsaved changes are lost. To avoid deadlocks, lock rows in this order: the customer, the
        stop, the order, its items, the pickup, the request for regular pickups; rows of one table
        by id. It is PostgreSQL's FOR NO KEY UPDATE: others may add rows that refer to this one.

        Raises ActionRefused when the row was deleted.
        """
        try:
            self.refresh_from_db(from_queryset=lockable(type(self), *related))
        except type(self).DoesNotExist as error:
            raise self._gone() from error

    def _gone(self) -> ActionRefused:
        return ActionRefused(f"This {self._meta.verbose_name} was deleted in the meantime.", "gone")

    def _references_to_other_businesses(self) -> list[str]:
        return [
            field.name
            for field in self._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and issubclass(field.related_model, BelongsToBusiness)
            and getattr(self, field.attname) is not None
            and getattr(self, field.name).tenant_id() != self.tenant_id()
        ]


class BelongsToCustomer(BelongsToBusiness):
    """A record about one customer, with the foreign keys `business` and `customer`."""

    class Meta:
        abstract = True

    def lock_with_customer(self, stop: "Stop | None" = None) -> "Customer":
        """Lock the customer, the `stop` at which this happens, and then this record (see `lock`).

        Returns the customer, with its business loaded.
        """
        customer = self.lock_customer()
        if stop is not None:
            stop.lock_for(customer)
        self.lock()
        if self.__dict__["customer_id"] != customer.pk:
            raise self._gone()
        self.customer = customer
        self.business = customer.business
        return customer

    def lock_customer(self) -> "Customer":
        field = cast("models.ForeignKey[Customer]", self._meta.get_field("customer"))
        if field.is_cached(self):
            customer: Customer = self.customer
            customer.lock("business")
            return customer
        try:
            return lockable(cast("type[Customer]", field.related_model), "business").get(
                pk=self.__dict__["customer_id"]
            )
        except ObjectDoesNotExist as error:
            raise self._gone() from error


def lockable(model: type[Record], *related: str) -> QuerySet[Record]:
    """Return a queryset that locks the rows it reads (FOR NO KEY UPDATE), with `related` rows."""
    rows = model._base_manager.select_for_update(of=("self",), no_key=True)
    return rows.select_related(*related) if related else rows
