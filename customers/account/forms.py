"""The forms that customers fill in. Every error is a sentence at its field."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from customers import storable
from customers.merged_forms import MergedForm
from customers.models import AddressDict, Business, Customer, PickupRequest
from customers.models.contact_rules import missing_contact
from customers.models.customer import CONTACT_FIELDS
from customers.phones import MAX_PHONE_ENTRY, ImpossibleNumber, format_phone, read_phone

PICKUP_HORIZON = timedelta(days=365)
"""A later day is most likely a typing error."""
MAX_NAME_LENGTH = 150
"""As in the customer's record."""
DAMAGED = "\ufffd"
"""Django puts it in the place of bytes that are not UTF-8."""

# Spammers sign strangers up with an advertisement as the name, for the business to send it.
no_advertisement = RegexValidator(
    r"://|www\.|[<>]", "Enter a name without web addresses or < and >.", inverse_match=True
)


def text_field(
    label: str, length: int, autocomplete: str, required: bool = False, **options: Any
) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    messages = {"required": f"Enter your {label[0].lower()}{label[1:]}."}
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        widget=widget,
        error_messages=messages,
        **options,
    )


def name_field(label: str, autocomplete: str) -> forms.CharField:
    return text_field(label, MAX_NAME_LENGTH, autocomplete, validators=[no_advertisement])


def storable_text(value: str) -> None:
    """Raise ValidationError for text that we cannot keep, or that arrived damaged."""
    if storable.problem(value):
        raise ValidationError(storable.problem(value), code="unstorable")
    if DAMAGED in value:
        raise ValidationError(
            f"A character of this text arrived damaged ({DAMAGED}). Enter it again.", code="damaged"
        )


class AccountForm(forms.Form):
    """Labels have no colon. The browser leaves all checks to us."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        for field in self.fields.values():
            if isinstance(field, forms.CharField):
                field.validators = [*field.validators, storable_text]

    def errors_by_field_id(self) -> list[tuple[str, object]]:
        """Return each field's id and error, for the summary above the form."""
        return [
            (self[field].id_for_label, message)
            for field, messages in self.errors.items()
            if field in self.fields
            for message in messages
        ]


class PickupForm(AccountForm):
    pickup_date = forms.DateField(
        label="Day",
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": "Choose a day.",
            "invalid": "Enter the day as year-month-day, such as 2026-03-27.",
        },
    )
    shown_at = forms.FloatField(required=False, widget=forms.HiddenInput)
    """When the page was shown, in seconds since 1970."""

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        """Ask for the address, too, unless we have it."""
        super().__init__(*args, **kwargs)
        today = customer.business.today()
        self.first, self.last = today, today + PICKUP_HORIZON
        self.asks_for_address = not customer.can_be_driven_to
        if self.asks_for_address:
            for name, field in RegularForm.base_fields.items():
                self.fields[name] = deepcopy(field)
                self.fields[name].initial = getattr(customer, name)
            self.order_fields([*RegularForm.base_fields, "pickup_date"])
        self.fields["pickup_date"].widget = forms.DateInput(
            format="%Y-%m-%d",
            attrs={"type": "date", "min": self.first.isoformat(), "max": self.last.isoformat()},
        )

    def clean_pickup_date(self) -> date:
        day: date = self.cleaned_data["pickup_date"]
        if day < self.first:
            raise ValidationError(
                "That day has passed. Choose today or a later day.", code="past_date"
            )
        if day > self.last:
            raise ValidationError("Choose a day within the next twelve months.", code="too_far")
        return day

    def has_scheduled(self, pickup: PickupRequest) -> bool:
        """Return whether this same page scheduled the pickup: its button was pressed twice."""
        shown_at: float | None = self.cleaned_data.get("shown_at")
        return shown_at is not None and pickup.created_at.timestamp() >= shown_at


class AddressForm(AccountForm):
    street = text_field("Street and number", 300, "address-line1")
    city = text_field("City", MAX_NAME_LENGTH, "address-level2")
    state = text_field("State or region", MAX_NAME_LENGTH, "address-level1")
    postal_code = text_field("Postal code", 30, "postal-code")


ADDRESS_FIELDS = tuple(AddressForm.base_fields)


class RegularForm(AddressForm):
    street = text_field("Street and number", 300, "address-line1", required=True)
    city = text_field("City", MAX_NAME_LENGTH, "address-level2", required=True)

    def address(self, country: str) -> AddressDict:
        data = self.cleaned_data
        return {
            "street": data["street"],
            "city": data["city"],
            "state": data["state"] or None,
            "postalCode": data["postal_code"] or None,
            "country": country,
        }


class ContactForm(AddressForm):
    company_name = text_field("Company", 200, "organization", validators=[no_advertisement])
    first_name = name_field("First name", "given-name")
    last_name = name_field("Last name", "family-name")
    email = forms.EmailField(
        label="Email",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"invalid": "Enter an email address such as name@example.com."},
    )
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=MAX_PHONE_ENTRY,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}),
    )
    field_order = ["company_name", "first_name", "last_name", "email", "phone", *ADDRESS_FIELDS]

    def __init__(
        self, *args: Any, business: Business, corporate: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.business = business
        if not corporate:
            del self.fields["company_name"]

    def clean_phone(self) -> str:
        """Return what was entered: the customer's record tells the number from the note."""
        entered: str = self.cleaned_data["phone"]
        if entered:
            try:
                read_phone(entered, self.business.country)
            except ImpossibleNumber as error:
                raise ValidationError(
                    f"{error} Enter it with its area code.", code="phone"
                ) from error
        return entered


class DetailsForm(MergedForm, ContactForm):
    changed_by_both = "This was changed while your page was open. Choose which to keep."

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        is_corporate = customer.kind == Customer.Kind.CORPORATE
        initial = {field: getattr(customer, field) for field in ContactForm.base_fields} | {
            "phone": format_phone(customer.phone)
        }
        self.instance = customer
        super().__init__(
            *args, business=customer.business, corporate=is_corporate, initial=initial, **kwargs
        )

    def clean(self) -> dict[str, Any]:
        """Refuse a change after which the business could not tell who this is."""
        data = super().clean() or self.cleaned_data
        before = {name: getattr(self.instance, name) for name in CONTACT_FIELDS}
        after = before | {
            name: data.get(name, "") for name in CONTACT_FIELDS if name in self.changed_data
        }
        if before != after and not self.errors:
            for field, message in missing_contact(**after).items():
                self.add_error(field, message)
        return data


class MessageFieldsForm(AccountForm):
    receive_emails = forms.BooleanField(label="Send me emails", required=False)
    receive_texts = forms.BooleanField(label="Send me texts", required=False)


class MessageChoicesForm(MergedForm, MessageFieldsForm):
    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        self.instance = customer
        super().__init__(
            *args,
            initial={field: getattr(customer, field) for field in MessageFieldsForm.base_fields},
            **kwargs,
        )


class JoinForm(MessageFieldsForm, ContactForm):
    """A new customer. Emails and texts are sent only to customers who ask for them here."""

    first_name = text_field(
        "First name", MAX_NAME_LENGTH, "given-name", required=True, validators=[no_advertisement]
    )
    fax = forms.CharField(
        label="Fax (leave this empty)",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    """People do not see it. Spam programs fill in every field."""
    form = forms.CharField(required=False, widget=forms.HiddenInput)
    """A signed id of this form, so that sending it twice signs up one customer."""
    field_order = [
        "first_name",
        "last_name",
        "email",
        "phone",
        *ADDRESS_FIELDS,
        "receive_emails",
        "receive_texts",
        "fax",
        "form",
    ]

    def clean_fax(self) -> str:
        if self.cleaned_data["fax"]:
            raise ValidationError("Leave the Fax field empty and sign up again.", code="program")
        return ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        contact = ("email", "phone")
        if not any(data.get(field) or field in self.errors for field in contact):
            self.add_error(
                "email", "Enter your email address or phone number, so that we can reach you."
            )
        return data

    def details(self) -> dict[str, Any]:
        """Return the fields of the new customer."""
        details = {
            field: value
            for field, value in self.cleaned_data.items()
            if field not in {"fax", "form"}
        }
        has_address = any(details[field] for field in ADDRESS_FIELDS)
        return details | {"country": self.business.country if has_address else ""}
