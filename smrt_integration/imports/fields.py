"""The fields that a line of an import may bring: the only list of them.

The page, the command and the API's documentation loop over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

CUSTOM: Final = "custom_fields."
"""Before the name of a custom field: `custom_fields.Birthday`."""
EXTERNAL_ID: Final = "external_id"


@dataclass(frozen=True, slots=True)
class ImportField:
    """A field of a customer, named as in the API."""

    name: str
    label: str
    help: str
    headings: tuple[str, ...] = ()
    """Other headings that are recognized. Capitals, spaces and signs make no difference."""


FIELDS: Final = (
    ImportField(
        EXTERNAL_ID,
        "External ID",
        "The customer's ID in the system that the file comes from. Required. A customer who "
        "has it is changed, otherwise a customer is created.",
        (
            "id",
            "customer id",
            "customer no",
            "customer number",
            "account number",
            "account no",
            "client id",
            "client number",
            "kundennummer",
            "reference",
        ),
    ),
    ImportField(
        "kind",
        "Kind of customer",
        "REGULAR or CORPORATE. A new customer is regular unless this says otherwise.",
        ("type", "customer type", "account type"),
    ),
    ImportField(
        "company_name",
        "Company",
        "The name of the company.",
        ("company", "business", "business name", "organization", "organisation", "firma"),
    ),
    ImportField(
        "first_name",
        "First name",
        "The first name.",
        ("forename", "given name", "firstname", "vorname", "prenom"),
    ),
    ImportField(
        "last_name",
        "Last name",
        "The last name.",
        ("surname", "family name", "lastname", "nachname", "nom"),
    ),
    ImportField(
        "email",
        "Email address",
        "One email address.",
        ("e-mail", "mail", "email address", "e-mail address"),
    ),
    ImportField(
        "phone",
        "Phone",
        "In any usual notation. The first number is kept, the rest becomes the note. A number "
        "without a country code is one of your country.",
        (
            "phone number",
            "telephone",
            "tel",
            "mobile",
            "mobile phone",
            "mobile number",
            "cell",
            "cell phone",
            "telefon",
        ),
    ),
    ImportField(
        "phone_note",
        "Note about the phone",
        "What to know about the number, such as whose it is.",
    ),
    ImportField(
        "phone_is_mobile",
        "Phone is a mobile",
        "yes or no. Empty if not known.",
        ("is mobile",),
    ),
    ImportField(
        "address.street",
        "Street",
        "Street and number.",
        ("address", "street", "address 1", "address line 1", "street address", "strasse", "straße"),
    ),
    ImportField("address.city", "City", "The city.", ("city", "town", "ort", "stadt", "ville")),
    ImportField(
        "address.state",
        "State",
        "The state or province.",
        ("state", "province", "region", "bundesland"),
    ),
    ImportField(
        "address.postal_code",
        "Postal code",
        "The postal code.",
        ("postal code", "zip", "zip code", "postcode", "post code", "plz"),
    ),
    ImportField(
        "address.country",
        "Country",
        "Two letters, such as US, or the country's name in English.",
        ("country", "country code", "land", "pays"),
    ),
    ImportField(
        "created_at",
        "Signed up",
        "When the customer signed up: a date, or a date and a time. Without it, a new customer's "
        "signup is the last visit or else the import, and a backfill does not send it.",
        (
            "created",
            "signup date",
            "sign up date",
            "signed up",
            "customer since",
            "member since",
            "date created",
            "kunde seit",
        ),
    ),
    ImportField(
        "last_visit",
        "Last visit",
        "When the customer last visited: a date, or a date and a time. A later visit that we know "
        "of stays.",
        ("last visit date", "last visited", "last seen", "last order", "last order date"),
    ),
    ImportField(
        "source",
        "Signed up in",
        "POS or Website. A new customer is from the point of sale unless this says otherwise.",
        ("signup source",),
    ),
    ImportField(
        "visit_frequency",
        "Visit frequency",
        "weekly, bi-weekly, monthly, irregular or unknown.",
        ("frequency",),
    ),
    ImportField(
        "payment_term", "Payment term", "POS, Statement or AutoPay.", ("payment terms", "terms")
    ),
    ImportField(
        "card_on_file",
        "Card on file",
        "yes or no.",
        ("credit card", "has credit card", "credit card on file"),
    ),
    ImportField(
        "delivery_preference",
        "Delivery preference",
        "One of the point of sale's, such as Will Call or Route Regular.",
        ("delivery",),
    ),
    ImportField(
        "agent",
        "Store or route",
        "The name of one of your stores or routes.",
        ("store", "route", "location", "store name"),
    ),
    ImportField("brand", "Brand", "The name of one of your brands.", ("brand name",)),
    ImportField(
        "group",
        "Group",
        "The name of one of your customer groups.",
        ("customer group", "group name", "kundengruppe"),
    ),
    ImportField(
        "discount",
        "Discount",
        "The name of one of your discounts.",
        ("discount name", "rabatt"),
    ),
    ImportField(
        "receive_emails",
        "Wants emails",
        "yes or no. A customer who turned emails off themself stays off, unless the line states "
        "their consent.",
        ("email opt in", "emails", "email consent", "accepts emails"),
    ),
    ImportField(
        "receive_texts",
        "Wants texts",
        "yes or no. A customer who turned texts off themself stays off, unless the line states "
        "their consent.",
        ("sms opt in", "text opt in", "texts", "sms", "accepts texts"),
    ),
    ImportField(
        "consent.given_by",
        "Consent given by",
        "Who said that they want emails or texts, such as the customer's name. It comes with the "
        "two next columns, and with a yes to emails or texts.",
        ("consent given by", "consent by"),
    ),
    ImportField(
        "consent.given_at",
        "Consent given on",
        "When they said it, not before the customer turned it off.",
        ("consent given at", "consent given on", "consent date"),
    ),
    ImportField(
        "consent.how",
        "Consent given how",
        'How they said it, such as "asked at the counter".',
        ("consent how", "consent source"),
    ),
)
FIELDS_BY_NAME: Final[Mapping[str, ImportField]] = {field.name: field for field in FIELDS}

BIRTHDAY_HEADINGS: Final = (
    "birthday",
    "birth date",
    "birthdate",
    "date of birth",
    "dob",
    "geburtstag",
    "geburtsdatum",
)
"""They mean the business's custom field with the birthday."""
