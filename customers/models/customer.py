import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Right
from django.utils import timezone

from customers.models.address import Addressed
from customers.models.business import Agent, Brand, Business, CustomerGroup, Discount
from customers.models.tenant import OfBusiness


class Customer(Addressed, OfBusiness):
    class Kind(models.TextChoices):
        REGULAR = "REGULAR", "Regular"
        CORPORATE = "CORPORATE", "Corporate"

    class PaymentTerm(models.TextChoices):
        POS = "POS", "POS"
        STATEMENT = "Statement", "Statement"
        AUTO_PAY = "AutoPay", "AutoPay"

    class DeliveryPreference(models.TextChoices):
        NONE = "No Delivery Preference"
        ROUTE_APPROVAL_PENDING = "Route Approval Pending"
        ROUTE_REGULAR = "Route Regular"
        ADDRESS_DECLINED = "Delivery Address Declined"
        WILL_CALL = "Will Call"
        WITH_MASTER = "Deliver with Master"

    class VisitFrequency(models.TextChoices):
        WEEKLY = "weekly", "Weekly"
        BI_WEEKLY = "bi-weekly", "Bi-weekly"
        MONTHLY = "monthly", "Monthly"
        IRREGULAR = "irregular", "Irregular"
        UNKNOWN = "unknown", "Unknown"

    class Source(models.TextChoices):
        POS = "POS", "POS"
        WEBSITE = "Website", "Website"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="customers", db_index=False)
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.REGULAR)
    company_name = models.CharField(max_length=200, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    phone_is_mobile = models.BooleanField("mobile phone", null=True, blank=True)
    text_answered_at = models.DateTimeField(null=True, blank=True)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    group = models.ForeignKey(CustomerGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    discount = models.ForeignKey(Discount, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    payment_term = models.CharField(max_length=9, choices=PaymentTerm, default=PaymentTerm.POS)
    card_on_file = models.BooleanField(default=False)
    delivery_preference = models.CharField(max_length=25, choices=DeliveryPreference, default=DeliveryPreference.NONE)
    receive_emails = models.BooleanField(default=True)
    receive_texts = models.BooleanField(default=True)
    visit_frequency = models.CharField(max_length=9, choices=VisitFrequency, default=VisitFrequency.UNKNOWN)
    master = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="subordinates")
    source = models.CharField(max_length=7, choices=Source, default=Source.POS)
    created_at = models.DateTimeField("signed up", default=timezone.now)
    last_visit = models.DateTimeField(null=True, blank=True)
    demographic = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(1), MaxValueValidator(5)])
    link_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(name="customer_demographic_is_a_fifth", condition=Q(demographic__gte=1, demographic__lte=5)),
            models.CheckConstraint(name="customer_not_own_master", condition=Q(master=None) | ~Q(master=F("id"))),
        ]
        indexes = [
            models.Index("business", "id", name="customer_by_business"),
            # Who has not been seen for long, by business: the sweep for lost customers.
            models.Index("business", Coalesce("last_visit", "created_at"), name="customer_by_last_seen"),
            models.Index("business", "phone", name="customer_by_phone", condition=~Q(phone="")),
        ]

    def __str__(self) -> str:
        return self.name or f"Customer {self.pk}"

    @property
    def name(self) -> str:
        """The account's name: the company's for corporate accounts, else the contact's."""
        contact = f"{self.first_name} {self.last_name}".strip()
        return (self.company_name or contact) if self.kind == self.Kind.CORPORATE else contact


class CustomField(OfBusiness):
    """A question that a business asks of its customers, such as the birthday."""

    class Kind(models.TextChoices):
        TEXT = "TEXT", "Text"
        DATE = "DATE", "Date"

    business = models.ForeignKey(Business, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.TEXT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["business", "name"], name="customfield_name_unique")]

    def __str__(self) -> str:
        return self.name


class CustomFieldValue(OfBusiness):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="custom_values", db_index=False)
    field = models.ForeignKey(CustomField, on_delete=models.PROTECT, related_name="+", db_index=False)
    value = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["customer", "field"], name="customfieldvalue_once_per_customer")]
        indexes = [
            # The month and day of a date: whose birthday it is. Also finds a field's values.
            models.Index("field", Right("value", 5), name="customfieldvalue_by_day"),
        ]

    def __str__(self) -> str:
        return f"Value {self.pk}"

    def tenant_id(self) -> int | None:
        return self.customer.business_id
