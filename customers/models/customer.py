"""Customers."""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.indexes import OpClass
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Reverse
from django.utils import timezone

from customers.composed import ComposedCharField, ComposedEmailField
from customers.errors import ActionRefused, checked_time, refused_if_invalid
from customers.folding import folded_start
from customers.models.address import AddressDict, HasAddress
from customers.models.business import Agent, Brand, Business, CustomerGroup, Discount, Employee
from customers.models.consent import Consent, HasOptOuts
from customers.models.contact_rules import missing_contact
from customers.models.external_id import HasExternalId, unique_external_id
from customers.models.phone_field import HasPhone
from customers.models.pickup import PickupRequest, RegularPickupRequest
from customers.models.visit import Visit
from customers.phones import format_phone


def account_name(kind: str, company_name: str, first_name: str, last_name: str) -> str:
    """Return the company's name for corporate customers, else the contact's."""
    contact = f"{first_name} {last_name}".strip()
    return (company_name or contact) if kind == Customer.Kind.CORPORATE else contact


class Customer(HasAddress, HasPhone, HasOptOuts, HasExternalId):
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

    business = models.ForeignKey(
        Business, on_delete=models.PROTECT, related_name="customers", db_index=False
    )
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.REGULAR)
    company_name = ComposedCharField(max_length=200, blank=True)
    first_name = ComposedCharField(max_length=150, blank=True)
    last_name = ComposedCharField(max_length=150, blank=True)
    email = ComposedEmailField(blank=True)
    text_answered_at = models.DateTimeField(null=True, blank=True)
    about_phone: ClassVar[Mapping[str, Any]] = {**HasPhone.about_phone, "text_answered_at": None}
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    group = models.ForeignKey(
        CustomerGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    discount = models.ForeignKey(
        Discount, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    payment_term = models.CharField(max_length=9, choices=PaymentTerm, default=PaymentTerm.POS)
    card_on_file = models.BooleanField(default=False)
    delivery_preference = models.CharField(
        max_length=25, choices=DeliveryPreference, default=DeliveryPreference.NONE
    )
    receive_emails = models.BooleanField(default=True)
    receive_texts = models.BooleanField(default=True)
    visit_frequency = models.CharField(
        max_length=9, choices=VisitFrequency, default=VisitFrequency.UNKNOWN
    )
    master = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="subordinates"
    )
    source = models.CharField(max_length=7, choices=Source, default=Source.POS)
    created_at = models.DateTimeField("signed up", default=timezone.now)
    last_visit = models.DateTimeField(null=True, blank=True)
    demographic = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    link_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="customer_demographic_is_a_fifth",
                condition=Q(demographic__gte=1, demographic__lte=5),
            ),
            models.CheckConstraint(
                name="customer_not_own_master", condition=Q(master=None) | ~Q(master=F("id"))
            ),
            unique_external_id("customer"),
        ]
        indexes = [
            models.Index("business", "id", name="customer_by_business"),
            models.Index("business", "created_at", name="customer_by_signup"),
            # Lists of those that most customers are not: `indexed_values` of the admin.
            models.Index(
                "business", "id", name="customer_corporate", condition=Q(kind="CORPORATE")
            ),
            models.Index(
                "business", "id", name="customer_of_website", condition=Q(source="Website")
            ),
            models.Index(
                "business",
                "payment_term",
                "id",
                name="customer_by_payment_term",
                condition=~Q(payment_term="POS"),
            ),
            models.Index(
                "business",
                "visit_frequency",
                "id",
                name="customer_by_frequency",
                condition=~Q(visit_frequency="unknown"),
            ),
            # The sweep for lost customers: by business, those not seen for the longest time.
            models.Index(
                "business", Coalesce("last_visit", "created_at"), name="customer_by_last_seen"
            ),
            models.Index("business", "phone", name="customer_by_phone", condition=~Q(phone="")),
            # Searches by the beginning of a name, company or email, or the end of a phone number.
            models.Index(
                "business",
                folded_start("last_name"),
                folded_start("first_name"),
                name="customer_found_by_last",
            ),
            models.Index("business", folded_start("first_name"), name="customer_found_by_first"),
            models.Index("business", folded_start("company_name"), name="customer_found_by_firm"),
            models.Index("business", folded_start("email"), name="customer_found_by_email"),
            models.Index(
                "business",
                OpClass(Reverse("phone"), "text_pattern_ops"),
                name="customer_search_phone",
                condition=~Q(phone=""),
            ),
        ]

    def __str__(self) -> str:
        return (
            self.name
            or self.company_name
            or self.email
            or format_phone(self.phone)
            or "Customer without a name"
        )

    @property
    def latest_consent(self) -> Consent | None:
        """The latest consent to emails or texts, from `consents`, which callers prefetch by id."""
        consents = [*self.consents.all()]
        return consents[-1] if consents else None

    @property
    def name(self) -> str:
        return account_name(self.kind, self.company_name, self.first_name, self.last_name)

    def clean(self) -> None:
        """Refuse a change after which nobody could tell who this is.

        Records from before this rule can still be changed elsewhere.
        """
        super().clean()
        self._refuse_missing_contact()

    def _refuse_missing_contact(self) -> None:
        contact = [getattr(self, name) for name in CONTACT_FIELDS]
        if contact != [self.stored_value(name) for name in CONTACT_FIELDS]:
            for field, message in missing_contact(*contact).items():
                raise ValidationError({field: message}, code="required")

    @classmethod
    def sign_up(
        cls,
        business: Business,
        *,
        source: str = Source.POS,
        at: datetime | None = None,
        **details: Any,
    ) -> Self:
        """Create a customer from the POS or the website, and record the visit of the day.

        `details` are fields of the record. Raises ActionRefused for an invalid one, or an external
        id that is taken.
        """
        customer = cls(business=business, source=source, created_at=checked_time(at), **details)
        with refused_if_invalid():
            customer.clean_fields(exclude=CUSTOMER_FOREIGN_KEYS)
            customer.clean()
        with transaction.atomic():
            with customer.refused_if_external_id_taken():
                customer.save()
            Visit.record(customer, Visit.Type.SIGNUP, customer.created_at)
        return customer

    def schedule_pickup(
        self,
        pickup_date: date,
        *,
        by: str = PickupRequest.ScheduledBy.EMPLOYEE,
        employee: Employee | None = None,
    ) -> PickupRequest:
        return PickupRequest.schedule(self, pickup_date, by=by, employee=employee)

    @transaction.atomic
    def request_regular_pickups(
        self, *, address: AddressDict | None = None
    ) -> RegularPickupRequest:
        """Request to join a regular route at `address`, by default the customer's own."""
        self.lock("business")
        if self.delivery_preference == self.DeliveryPreference.ROUTE_REGULAR:
            raise ActionRefused("This customer is already on a regular route.", "on_route_already")
        request = RegularPickupRequest.submit(self, address)
        self.set_delivery_preference(self.DeliveryPreference.ROUTE_APPROVAL_PENDING)
        return request

    def set_delivery_preference(self, preference: str) -> None:
        if preference not in self.DeliveryPreference.values:
            raise ActionRefused(
                f"{preference} is not a delivery preference."
                f" Choose one of: {', '.join(self.DeliveryPreference.values)}.",
                "invalid",
                "delivery_preference",
            )
        self.delivery_preference = preference
        self.save(update_fields=["delivery_preference"])

    @transaction.atomic
    def change_phone(
        self, phone: str, *, is_mobile: bool | None = None, note: str | None = None
    ) -> None:
        """Change the number. What was recorded about the old one no longer counts."""
        self.lock("business")
        self.phone = phone
        if note is not None:
            self.phone_note = note
        with refused_if_invalid():
            self.read_phone()
            self.phone_is_mobile, self.text_answered_at = is_mobile, None
            self._refuse_missing_contact()
        self.save(update_fields=["phone", "phone_is_mobile", "text_answered_at", "phone_note"])

    @transaction.atomic
    def record_text_reply(self, at: datetime | None = None) -> None:
        """Record that the customer replied to a text, which shows that the phone is a mobile."""
        at = checked_time(at)
        self.lock()
        if self.text_answered_at is None:
            self.text_answered_at = at
            self.save(update_fields=["text_answered_at"])

    @transaction.atomic
    def revoke_links(self) -> None:
        """Revoke every link to this customer's online account that was sent until now."""
        self.lock()
        self.link_version += 1
        self.save(update_fields=["link_version"])


CONTACT_FIELDS = ("kind", "company_name", "first_name", "last_name", "email", "phone")
"""What `missing_contact` takes, in this order."""
CUSTOMER_FOREIGN_KEYS = {"business", "agent", "brand", "group", "discount", "master"}
"""Callers pass records for these fields, so no query has to check that they exist."""
