"""Visits: at most one a day for each customer."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import connections, models, router

from customers.clock_in_use import day_in_words
from customers.models.business import Business
from customers.models.tenant import BelongsToCustomer

if TYPE_CHECKING:
    from customers.models.customer import Customer


class Visit(BelongsToCustomer):
    """A day on which a customer dealt with the business. Only the first visit of a day counts."""

    class Type(models.TextChoices):
        DRIVER = "Driver", "Driver"
        STORE = "Store", "Store"
        SIGNUP = "Signup", "Signup"

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.CASCADE, related_name="visits", db_index=False
    )
    day = models.DateField()
    visit_type = models.CharField(max_length=6, choices=Type)
    at = models.DateTimeField("time")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "day"], name="visit_once_a_day")]
        indexes = [models.Index("business", "day", name="visit_by_day")]

    def __str__(self) -> str:
        return f"{self.visit_type} visit on {day_in_words(self, self.day)}"

    @classmethod
    def record(cls, customer: "Customer", visit_type: Type, at: datetime) -> Self | None:
        """Record a visit of the customer, whom the caller has locked.

        Returns None when the day has a visit already. A signup is a visit, but does not set
        `last_visit` (contract, section 2).
        """
        visit = cls(
            business=customer.business,
            customer=customer,
            day=customer.business.today(at),
            visit_type=visit_type,
            at=at,
        )
        is_first = visit.insert_if_first()
        if visit_type != cls.Type.SIGNUP and (
            customer.last_visit is None or at > customer.last_visit
        ):
            customer.last_visit = at
            customer.save(update_fields=["last_visit"])
        return visit if is_first else None

    def insert_if_first(self) -> bool:
        """Insert this visit unless the day has one: the database decides which call was first."""
        using = router.db_for_write(type(self), instance=self)
        with connections[using].cursor() as cursor:
            cursor.execute(
                INSERT_FIRST_VISIT_OF_DAY,
                [self.business_id, self.customer_id, self.day, self.visit_type, self.at],
            )
            row = cursor.fetchone()
        if row is None:
            return False
        self.pk = row[0]
        self.send_created(using)
        return True


INSERT_FIRST_VISIT_OF_DAY = """
    INSERT INTO customers_visit (business_id, customer_id, day, visit_type, at)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (customer_id, day) DO NOTHING RETURNING id
"""
