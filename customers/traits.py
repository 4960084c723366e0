"""The traits of a customer, as identify sends them (contract, section 3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple, TypedDict
from uuid import UUID

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from customers import dates
from customers.composed import composed
from customers.links import account_link
from customers.models.address import AddressDict, address_dict
from customers.models.custom_field import CustomFieldValue
from customers.models.customer import Customer, account_name
from customers.phones import format_phone, is_mobile, is_placeholder
from customers.zones import iso_utc


class DiscountTrait(TypedDict):
    name: str
    description: str | None
    value: float


class CustomFieldTrait(TypedDict):
    name: str
    value: str | None


class Traits(TypedDict):
    """The traits of one customer.

    All traits are always present, null when unset: Segment's destinations would keep the old value
    of a missing one. The type of a trait never changes.
    """

    email: str | None
    name: str | None
    firstName: str | None
    lastName: str | None
    phone: str | None
    isMobile: bool
    agent: str | None
    paymentTerm: str
    hasCreditCard: bool
    createdAt: str
    lastVisit: str | None
    deliveryPreference: str
    link: str
    brand: str
    address: AddressDict | None
    receiveEmails: bool
    receiveTexts: bool
    group: str | None
    accountDiscount: DiscountTrait | None
    customFields: list[CustomFieldTrait]
    demographic: int
    phoneE164: str | None
    birthday: str | None


class TraitSource(NamedTuple):
    """The columns of one customer and of related rows from which the traits are built."""

    id: int
    business_id: int
    uuid: UUID
    kind: str
    company_name: str
    first_name: str
    last_name: str
    email: str
    phone: str
    phone_is_mobile: bool | None
    text_answered_at: datetime | None
    payment_term: str
    card_on_file: bool
    created_at: datetime
    last_visit: datetime | None
    delivery_preference: str
    link_version: int
    street: str
    city: str
    state: str
    postal_code: str
    country: str
    receive_emails: bool
    receive_texts: bool
    demographic: int
    agent: str | None
    brand: str | None
    business: str
    group: str | None
    discount_name: str | None
    discount_description: str | None
    discount_value: Decimal | None


class CustomValue(NamedTuple):
    field_id: int
    name: str
    value: str


TRAIT_SOURCE_LOOKUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "agent": "agent__name",
        "brand": "brand__name",
        "business": "business__name",
        "group": "group__name",
        "discount_name": "discount__name",
        "discount_description": "discount__description",
        "discount_value": "discount__value",
    }
)
"""TraitSource field -> lookup, for values of related rows."""

TRAIT_SOURCE_COLUMNS: Final = tuple(
    TRAIT_SOURCE_LOOKUPS.get(name, name) for name in TraitSource._fields
)

TRAIT_FIELDS: Final = frozenset(TraitSource._fields) - TRAIT_SOURCE_LOOKUPS.keys() - {
    "id",
    "business_id",
} | {
    "agent_id",
    "brand_id",
    "group_id",
    "discount_id",
}
"""Attnames of Customer that a trait depends on: a save of other columns changes no trait."""

RELATED_TRAIT_FIELDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Agent": frozenset({"name"}),
        "Brand": frozenset({"name"}),
        "Business": frozenset({"name"}),
        "CustomerGroup": frozenset({"name"}),
        "Discount": frozenset({"name", "description", "value"}),
        "CustomField": frozenset({"name", "position"}),
        "CustomFieldValue": frozenset({"value", "field_id", "customer_id"}),
    }
)
"""Model name -> attnames on which a trait depends, for records related to a customer."""


def trait_sources(customer_ids: Collection[int]) -> dict[int, TraitSource]:
    """Return the sources by customer id, in one query. Deleted customers are left out."""
    rows = Customer.objects.filter(_is_any("customers_customer.id", customer_ids)).values_list(
        *TRAIT_SOURCE_COLUMNS
    )
    # SQL may have written texts that are not composed.
    return {row[0]: TraitSource._make(map(composed, row)) for row in rows}


def custom_values(customer_ids: Collection[int]) -> dict[int, list[CustomValue]]:
    """Return the values by customer id, in one query, in the order of the business's fields.

    Customers without values are left out.
    """
    rows = (
        CustomFieldValue.objects.filter(
            _is_any("customers_customfieldvalue.customer_id", customer_ids)
        )
        .order_by("field__position", "field__name", "field_id")
        .values_list("customer_id", "field_id", "field__name", "value")
    )
    values: defaultdict[int, list[CustomValue]] = defaultdict(list)
    for customer_id, *value in rows:
        values[customer_id].append(CustomValue._make(map(composed, value)))
    return dict(values)


def _is_any(column: str, ids: Collection[int]) -> RawSQL:
    """Pass the ids as one array: a parameter for each would cost more than the query itself."""
    return RawSQL(f"{column} = ANY (%s::bigint[])", [list(ids)], BooleanField())  # noqa: S611


def build_traits(
    source: TraitSource, custom_values: Sequence[CustomValue], birthday_field_id: int | None
) -> Traits:
    phone = "" if is_placeholder(source.phone) else source.phone
    return {
        "email": source.email or None,
        "name": account_name(source.kind, source.company_name, source.first_name, source.last_name)
        or None,
        "firstName": source.first_name or None,
        "lastName": source.last_name or None,
        "phone": format_phone(phone) or None,
        "isMobile": is_mobile(phone, source.phone_is_mobile, source.text_answered_at is not None),
        "agent": source.agent,
        "paymentTerm": source.payment_term,
        "hasCreditCard": source.card_on_file,
        "createdAt": iso_utc(source.created_at),
        "lastVisit": iso_utc(source.last_visit) if source.last_visit else None,
        "deliveryPreference": source.delivery_preference,
        "link": account_link(source.uuid, source.link_version),
        "brand": source.brand or source.business,
        "address": address_dict(
            source.street, source.city, source.state, source.postal_code, source.country
        ),
        "receiveEmails": source.receive_emails,
        "receiveTexts": source.receive_texts,
        "group": source.group,
        "accountDiscount": _discount_trait(source),
        "customFields": [
            {"name": value.name, "value": value.value or None} for value in custom_values
        ],
        "demographic": source.demographic,
        "phoneE164": phone or None,
        "birthday": _birthday_trait(custom_values, birthday_field_id),
    }


def _discount_trait(source: TraitSource) -> DiscountTrait | None:
    if source.discount_name is None or source.discount_value is None:
        return None
    return {
        "name": source.discount_name,
        "description": source.discount_description or None,
        "value": float(source.discount_value),
    }


def _birthday_trait(custom_values: Iterable[CustomValue], field_id: int | None) -> str | None:
    """Return the birthday, checked again.

    The field may have held any text before it held dates, and any date before it held birthdays.
    """
    if field_id is None:
        return None
    return next(
        (
            dates.known_birthday(value.value, timezone.now().date())
            for value in custom_values
            if value.field_id == field_id
        ),
        None,
    )
