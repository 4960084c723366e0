"""What customers fill in. Every complaint is a sentence at its field."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from customers.models import AddressDict, Business, Customer, PickupRequest
from customers.phones import ImpossibleNumber, format_phone, normalise_phone

PICKUP_HORIZON = timedelta(days=365)
"""A later day is a slip of the finger."""
NAME_LENGTH = 150

# Whoever signs somebody else up to have the business send them an advertisement writes it into the name.
no_advertisement = RegexValidator(
    r"://|www\.|[<>]", "Write your name here, without web addresses.", inverse_match=True
)


def text_field(
    label: str, length: int, autocomplete: str, required: bool = False, **more: Any
) -> forms.CharField:
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    missing = {"required": f"Enter your {label[0].lower()}{label[1:]}."}
    return forms.CharField(
        label=label,
        max_length=length,
        required=required,
        widget=widget,
        error_messages=missing,
        **more,
    )


def name_field(label: str, autocomplete: str) -> forms.CharField:
    return text_field(label, NAME_LENGTH, autocomplete, validators=[no_advertisement])


class AccountForm(forms.Form):
    """Labels without a colon, and no complaints from the browser before ours."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def remember_what_is_shown(self) -> None:
        """So that only what the customer changes here is written: another tab, or an answer to a text, may change more meanwhile."""
        for field in self.fields.values():
            field.show_hidden_initial = True

    def focus_on_errors(self) -> list[tuple[str, object]]:
        """For the summary above the form: the id of each field at fault, and what is wrong."""
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
            "invalid": "Write the day as year-month-day, such as 2026-03-27.",
        },
    )
    shown = forms.FloatField(required=False, widget=forms.HiddenInput)
    """When the page was made, in seconds since 1970."""

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.first, self.last = today, today + PICKUP_HORIZON
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

    def made_since_shown(self, pickup: PickupRequest) -> bool:
        """Whether the pickup came of this very page: its button was pressed twice."""
        shown: float | None = self.cleaned_data.get("shown")
        return shown is not None and pickup.created_at.timestamp() >= shown


class AddressForm(AccountForm):
    street = text_field("Street and number", 300, "address-line1")
    city = text_field("City", NAME_LENGTH, "address-level2")
    state = text_field("State or region", NAME_LENGTH, "address-level1")
    postal_code = text_field("Postal code", 30, "postal-code")


ADDRESS_FIELDS = tuple(AddressForm.base_fields)


class RegularForm(AddressForm):
    street = text_field("Street and number", 300, "address-line1", required=True)
    city = text_field("City", NAME_LENGTH, "address-level2", required=True)

    def address(self, country: str) -> AddressDict:
        said = self.cleaned_data
        return {
            "street": said["street"],
            "city": said["city"],
            "state": said["state"] or None,
            "postalCode": said["postal_code"] or None,
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
        error_messages={"invalid": "Write the email address like name@example.com."},
    )
    phone = forms.CharField(
        label="Phone",
        required=False,
        max_length=40,
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
        entered: str = self.cleaned_data["phone"]
        if not entered:
            return ""
        try:
            return normalise_phone(
                entered, None if entered.startswith("+") else self.business.country
            )
        except ImpossibleNumber as error:
            raise ValidationError(f"{error} Write it with its area code.", code="phone") from error


class DetailsForm(ContactForm):
    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        corporate = customer.kind == Customer.Kind.CORPORATE
        initial = {field: getattr(customer, field) for field in ContactForm.base_fields} | {
            "phone": format_phone(customer.phone)
        }
        super().__init__(
            *args, business=customer.business, corporate=corporate, initial=initial, **kwargs
        )
        self.remember_what_is_shown()


class MessageFieldsForm(AccountForm):
    receive_emails = forms.BooleanField(label="Send me emails", required=False)
    receive_texts = forms.BooleanField(label="Send me text messages", required=False)


class MessageChoicesForm(MessageFieldsForm):
    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(
            *args,
            initial={field: getattr(customer, field) for field in MessageFieldsForm.base_fields},
            **kwargs,
        )
        self.remember_what_is_shown()


class JoinForm(MessageFieldsForm, ContactForm):
    """A new customer. Emails and texts are for those who ask for them."""

    first_name = text_field(
        "First name", NAME_LENGTH, "given-name", required=True, validators=[no_advertisement]
    )
    fax = forms.CharField(
        label="Fax (leave this empty)",
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    """No person sees it; programs that fill in whatever there is do."""
    form = forms.CharField(required=False, widget=forms.HiddenInput)
    """Which form this is, so that one that is sent twice signs up one customer."""
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
            raise ValidationError(
                "Leave the field Fax empty and send the form again.", code="program"
            )
        return ""

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not (
            said.get("email")
            or said.get("phone")
            or "email" in self.errors
            or "phone" in self.errors
        ):
            self.add_error(
                "email", "Enter your email address or your phone number, so that we can reach you."
            )
        return said

    def details(self) -> dict[str, Any]:
        """The fields of the customer to be."""
        details = {
            field: value
            for field, value in self.cleaned_data.items()
            if field not in {"fax", "form"}
        }
        has_address = any(details[field] for field in ADDRESS_FIELDS)
        return details | {"country": self.business.country if has_address else ""}
