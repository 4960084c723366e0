"""Customers, with the values of their custom fields."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from customers.errors import ActionRefused, refused_if_invalid, refused_within
from customers.models import (
    Agent,
    Brand,
    Customer,
    CustomerGroup,
    CustomField,
    CustomFieldValue,
    Discount,
)
from customers.phones import MAX_PHONE_ENTRY
from smrt_integration.api.fields import (
    AddressField,
    BusinessReferenceField,
    StrictSerializer,
    rows_by_uuid,
)
from smrt_integration.api.filters import CustomerFilter
from smrt_integration.api.read_only import read_only_message
from smrt_integration.api.resources.consent import (
    WITH_CONSENTS,
    ConsentSerializer,
    NewConsentSerializer,
    consent_in,
    record_consent,
    refuse_opt_in,
)
from smrt_integration.api.resources.custom_values import (
    CustomFieldValueSerializer,
    NewCustomFieldValueSerializer,
)
from smrt_integration.api.scopes import Client
from smrt_integration.api.viewsets import BusinessViewSet

SIGNUP_SOURCES = {
    Client.POS: Customer.Source.POS,
    Client.APP: Customer.Source.POS,
    Client.WEBSITE: Customer.Source.WEBSITE,
}
ADDRESS_PARTS = {
    "street": "street",
    "city": "city",
    "state": "state",
    "postal_code": "postalCode",
    "country": "country",
}
"""The columns of the model, and their names in an AddressDict."""
WRITABLE_FIELDS = (
    "external_id",
    "kind",
    "company_name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "phone_note",
    "phone_is_mobile",
    "payment_term",
    "card_on_file",
    "delivery_preference",
    "receive_emails",
    "receive_texts",
    "visit_frequency",
)
"""What clients may write, besides references, the address and custom fields."""


OPT_OUT_FIELDS = ("emails_opted_out_at", "texts_opted_out_at")
RELATED_FIELDS = frozenset({"agent", "brand", "group", "discount", "custom_fields", "consent"})
LISTED_TWICE = "This field is listed twice. List each field once."


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """A customer. References are ids."""

    id = serializers.UUIDField(source="uuid", read_only=True)
    agent = serializers.UUIDField(source="agent.uuid", read_only=True, allow_null=True)
    brand = serializers.UUIDField(source="brand.uuid", read_only=True, allow_null=True)
    group = serializers.UUIDField(source="group.uuid", read_only=True, allow_null=True)
    discount = serializers.UUIDField(source="discount.uuid", read_only=True, allow_null=True)
    email = serializers.CharField(read_only=True, help_text="Empty if not known.")
    address = AddressField(read_only=True, allow_null=True)
    consent = ConsentSerializer(source="latest_consent", read_only=True, allow_null=True)
    custom_fields = CustomFieldValueSerializer(source="custom_values", many=True, read_only=True)

    class Meta:
        model = Customer
        fields = (
            "id",
            *WRITABLE_FIELDS,
            "address",
            "agent",
            "brand",
            "group",
            "discount",
            "custom_fields",
            *OPT_OUT_FIELDS,
            "consent",
            "source",
            "created_at",
            "last_visit",
            "demographic",
        )
        read_only_fields = fields


class CustomerWriteSerializer(StrictSerializer, serializers.ModelSerializer[Customer]):
    """What you may write about a customer."""

    reader = CustomerSerializer

    agent = BusinessReferenceField(queryset=Agent.objects, allow_null=True, required=False)
    brand = BusinessReferenceField(queryset=Brand.objects, allow_null=True, required=False)
    group = BusinessReferenceField(queryset=CustomerGroup.objects, allow_null=True, required=False)
    discount = BusinessReferenceField(queryset=Discount.objects, allow_null=True, required=False)
    phone = serializers.CharField(
        max_length=MAX_PHONE_ENTRY,
        allow_blank=True,
        required=False,
        help_text="In any usual notation. The first number is kept; the rest becomes the note.",
    )
    address = AddressField(allow_null=True, required=False)
    consent = NewConsentSerializer(required=False)
    custom_fields: Any = serializers.ListSerializer(
        child=NewCustomFieldValueSerializer(), max_length=200, required=False
    )

    class Meta:
        model = Customer
        fields = (
            *WRITABLE_FIELDS,
            "address",
            "agent",
            "brand",
            "group",
            "discount",
            "custom_fields",
            "consent",
        )


class CustomerViewSet(ListModelMixin, RetrieveModelMixin, BusinessViewSet):
    """The customers of the business, also former ones."""

    area = "customers"
    queryset = Customer.objects.select_related(
        "agent", "brand", "group", "discount", "business"
    ).prefetch_related(
        Prefetch(
            "custom_values",
            CustomFieldValue.objects.select_related("field").order_by(
                "field__position", "field__name"
            ),
        ),
        WITH_CONSENTS,
    )
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter

    @extend_schema(request=CustomerWriteSerializer, responses={201: CustomerSerializer})
    def create(self, request: Request) -> Response:
        """Create a customer.

        Records the event New Customer Signup. The client of your key decides its source.
        """
        data = self.validated(CustomerWriteSerializer)
        values = self._pop_custom_values(data)
        consent = consent_in(data, request.data)
        source = SIGNUP_SOURCES[Client(self.key.client)]
        with refused_in_address():
            customer = Customer.sign_up(self.business, source=source, **_with_address_columns(data))
        self._record_custom_values(customer, values)
        record_consent(customer, consent, self.key)
        return self.respond_reloaded(customer, 201)

    @extend_schema(request=CustomerWriteSerializer, responses=CustomerSerializer)
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Change a customer. Fields that you leave out stay as they are."""
        customer: Customer = self.get_object()
        # otherwise a save of another field in between would look like a change of this call
        customer.lock("business")
        data = dict(self.changes(CustomerWriteSerializer, self._as_shown(customer)).validated_data)
        values = self._pop_custom_values(data)
        consent = consent_in(data, request.data)
        if self.if_match is None:
            refuse_opt_in(customer, data, consent)
        record_consent(customer, consent, self.key)
        self._change(customer, _with_address_columns(data))
        self._record_custom_values(customer, values)
        return self.respond_reloaded(customer)

    def _as_shown(self, customer: Customer) -> Customer:
        """Return the locked customer with all that the body has of it."""
        if RELATED_FIELDS.isdisjoint(self.request.data):
            return customer
        shown: Customer = self.get_queryset().get(pk=customer.pk)
        return shown

    def _change(self, customer: Customer, changes: dict[str, Any]) -> None:
        if "phone" in changes:
            self._change_phone(customer, changes)
        for name, value in changes.items():
            setattr(customer, name, value)
        if changes:
            with refused_in_address(), refused_if_invalid():
                customer.clean()
            with customer.refused_if_external_id_taken():
                customer.save(update_fields=list(changes))

    def _change_phone(self, customer: Customer, changes: dict[str, Any]) -> None:
        """Change the phone, unless it is the same number in another notation.

        A changed number loses what is known about the old one.
        """
        phone = changes.pop("phone")
        if not customer.has_phone(phone):
            customer.change_phone(
                phone,
                is_mobile=changes.pop("phone_is_mobile", None),
                note=changes.pop("phone_note", None),
            )
        elif note := customer.note_in(phone):
            changes.setdefault("phone_note", note)

    def _pop_custom_values(self, data: dict[str, Any]) -> list[tuple[CustomField, str]]:
        """Remove the custom fields from `data` and return each field with its new value."""
        values = data.pop("custom_fields", [])
        uuids = [value["field"] for value in values]
        for n, uuid in enumerate(uuids):
            if uuid in uuids[:n]:
                raise serializers.ValidationError(
                    {f"custom_fields[{n}].field": [LISTED_TWICE]}, "listed_twice"
                )
        fields = rows_by_uuid(
            CustomField.objects.filter(business=self.business), uuids, "custom_fields[{}].field"
        )
        for n, value in enumerate(values):
            if value.get("name", name := fields[value["field"]].name) != name:
                raise serializers.ValidationError(
                    {f"custom_fields[{n}].name": [read_only_message("name", {}, is_change=True)]},
                    "read_only",
                )
        return [(fields[value["field"]], value["value"]) for value in values]

    def _record_custom_values(
        self, customer: Customer, values: list[tuple[CustomField, str]]
    ) -> None:
        for n, (field, value) in enumerate(values):
            with refused_within(f"custom_fields[{n}]"):
                CustomFieldValue.record(customer, field, value)


def _with_address_columns(data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with the address divided into the columns of the model."""
    if "address" not in data:
        return data
    address = data.pop("address") or {}
    return data | {column: address.get(part) or "" for column, part in ADDRESS_PARTS.items()}


@contextmanager
def refused_in_address() -> Iterator[None]:
    """Name the columns of the address in a refusal as the body does: `address.country`."""
    try:
        yield
    except ActionRefused as refusal:
        if refusal.field in ADDRESS_PARTS:
            refusal.field = f"address.{refusal.field}"
        raise
