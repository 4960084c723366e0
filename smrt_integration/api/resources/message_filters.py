"""The filters of the outbox, the send log and resending."""

from typing import Any

from rest_framework import serializers

from customers.models import Brand, Customer
from events.models import Outcome
from events.send_log.resendable import RESENDABLE_EVENTS
from smrt_integration.api.fields import BusinessReferenceField, StrictSerializer


class MessageFilterSerializer(serializers.Serializer[Any]):
    """Filters of messages. A message must match all of them."""

    event = serializers.ChoiceField(RESENDABLE_EVENTS, required=False)
    first_day = serializers.DateField(required=False, help_text="In the business's time zone.")
    last_day = serializers.DateField(required=False, help_text="Included.")
    customer = BusinessReferenceField(queryset=Customer.objects, required=False)


class SendLogFilterSerializer(MessageFilterSerializer):
    """Filters of the send log."""

    outcome = serializers.ChoiceField(Outcome.choices, required=False)
    brand = BusinessReferenceField(
        queryset=Brand.objects, required=False, help_text="The customer's brand at that time."
    )


class MessageSearchSerializer(MessageFilterSerializer):
    """Filters of the outbox, with a search."""

    search = serializers.CharField(
        required=False,
        max_length=200,
        help_text=(
            "A message id; a whole order number; or the start of a name, company or email, or a"
            " phone number or its last four or more digits, of no more than 50 customers."
        ),
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "customer" in attrs and "search" in attrs:
            raise serializers.ValidationError(
                {"search": ["Give either customer or search, not both."]}
            )
        return attrs


class SendLogSearchSerializer(SendLogFilterSerializer, MessageSearchSerializer):
    pass


class ResendFilterSerializer(StrictSerializer, SendLogFilterSerializer):
    """Filters of the messages to send again. At least one is required."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Reject an empty filter, which would resend everything that was ever refused."""
        if not attrs:
            raise serializers.ValidationError(
                "Give an outcome, an event, a day, a brand or a customer.", "required"
            )
        return attrs
