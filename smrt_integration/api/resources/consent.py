"""A customer's consent to emails and texts, which turns on what the customer turned off."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db.models import Prefetch
from rest_framework import serializers

from customers.errors import refused_within
from customers.models import Consent, Customer
from customers.models.consent import (
    MAX_GIVEN_BY_LENGTH,
    MAX_HOW_LENGTH,
    MESSAGE_CHOICES,
    check_given_at,
)
from smrt_integration.api.errors import Conflict
from smrt_integration.api.fields import StrictSerializer
from smrt_integration.api.models import ApiKey

NOTHING_TURNED_ON = (
    "A consent belongs to receive_emails or receive_texts with the value true. Send one with it."
)
WITH_CONSENTS = Prefetch("consents", Consent.objects.order_by("id"))
"""For `Customer.latest_consent` of many customers without a query for each."""


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """The customer's latest consent. All are kept, and the admin shows them."""

    choices = serializers.ListField(
        child=serializers.ChoiceField([*MESSAGE_CHOICES]), read_only=True
    )

    class Meta:
        model = Consent
        fields = ("choices", "given_by", "given_at", "how")
        read_only_fields = fields


class NewConsentSerializer(StrictSerializer):
    """The customer's word that they want emails or texts: who gave it, when, and how."""

    given_by = serializers.CharField(
        max_length=MAX_GIVEN_BY_LENGTH, help_text="Who gave it, such as the customer's name."
    )
    given_at = serializers.DateTimeField(help_text="Not before the customer turned it off.")
    how = serializers.CharField(
        max_length=MAX_HOW_LENGTH, help_text='Such as "asked at the counter".'
    )

    def to_internal_value(self, data: Any) -> Any:
        """Demand all three also in a PATCH, which elsewhere leaves out what it does not change."""
        if isinstance(data, Mapping) and (missing := self.fields.keys() - data.keys()):
            required = serializers.Field.default_error_messages["required"]
            raise serializers.ValidationError(
                {name: [required] for name in sorted(missing)}, "required"
            )
        return super().to_internal_value(data)


class NewConsent(NamedTuple):
    """A consent of a request, for these choices."""

    choices: list[str]
    said: Mapping[str, Any]


def consent_in(data: dict[str, Any], body: Any) -> NewConsent | None:
    """Remove the consent from the validated data and return it, if there is one.

    Raises ValidationError for one that is about nothing in the body.
    """
    said = data.pop("consent", None)
    if said is None:
        return None
    choices = [choice for choice in MESSAGE_CHOICES if body.get(choice) is True]
    if not choices:
        raise serializers.ValidationError({"consent": [NOTHING_TURNED_ON]}, "invalid")
    return NewConsent(choices, said)


def refuse_opt_in(
    customer: Customer, changes: Mapping[str, Any], consent: NewConsent | None
) -> None:
    """Raise Conflict if the changes turn on what the customer turned off, without their consent."""
    covered = consent.choices if consent else ()
    for choice in customer.opted_out:
        if changes.get(choice) and choice not in covered:
            raise Conflict(
                f"The customer turned {MESSAGE_CHOICES[choice].lower()} off. To turn this on, "
                "state their consent in the field consent, or send the record's ETag as If-Match.",
                "opted_out_by_customer",
                choice,
            )


def record_consent(customer: Customer, consent: NewConsent | None, key: ApiKey) -> None:
    """Keep the consent. Raises ActionRefused for one from before the customer turned it off."""
    if consent is None:
        return
    opted_out_at = [
        getattr(customer, customer.opted_out_columns[choice])
        for choice in customer.opted_out
        if choice in consent.choices
    ]
    with refused_within("consent"):
        given_at = check_given_at(consent.said["given_at"], max(opted_out_at, default=None))
    Consent.objects.create(
        business=customer.business,
        customer=customer,
        choices=consent.choices,
        recorded_by=f"API key {key.name}"[:MAX_GIVEN_BY_LENGTH],
        **{**consent.said, "given_at": given_at},
    )
