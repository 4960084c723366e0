"""The traits of a customer, as in the contract."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import models
from customers.links import account_link, read_link
from customers.models import Business, Customer, CustomField
from customers.traits import (
    RELATED_TRAIT_FIELDS,
    TRAIT_FIELDS,
    TRAIT_SOURCE_COLUMNS,
    Traits,
    build_traits,
    custom_values,
    trait_sources,
)
from tests.factories import (
    AgentFactory,
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    CustomerGroupFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
)

pytestmark = pytest.mark.django_db

SIGNED_UP = datetime(2026, 1, 5, 17, 30, 0, 123456, tzinfo=UTC)
LAST_VISIT = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


def traits_of(customer: Customer, birthday_field: CustomField | None = None) -> Traits:
    source = trait_sources([customer.pk])[customer.pk]
    return build_traits(
        source,
        custom_values([customer.pk]).get(customer.pk, []),
        birthday_field.pk if birthday_field else None,
    )


def test_a_full_customer_has_these_traits() -> None:
    business = BusinessFactory.create(name="Bubbles")
    birthday = CustomFieldFactory.create(
        business=business, name="Birthday", kind="DATE", position=2
    )
    source = CustomFieldFactory.create(business=business, name="Referral Source", position=1)
    customer = CustomerFactory.create(
        business=business,
        first_name="Ann",
        last_name="Lee",
        email="ann@example.com",
        phone="415-601-5610",
        phone_is_mobile=True,
        agent=AgentFactory.create(business=business, name="Mission Store"),
        brand=BrandFactory.create(business=business, name="Bubbles Deluxe"),
        group=CustomerGroupFactory.create(business=business, name="Teachers"),
        discount=DiscountFactory.create(
            business=business, name="Loyal", description="Since 2020", value=Decimal("12.50")
        ),
        payment_term="AutoPay",
        card_on_file=True,
        created_at=SIGNED_UP,
        last_visit=LAST_VISIT,
        delivery_preference="Route Regular",
        street="1 Example Street",
        receive_texts=False,
        demographic=2,
    )
    CustomFieldValueFactory.create(customer=customer, field=birthday, value="1990-05-04")
    CustomFieldValueFactory.create(customer=customer, field=source, value="Website")
    assert traits_of(customer, birthday) == {
        "email": "ann@example.com",
        "name": "Ann Lee",
        "firstName": "Ann",
        "lastName": "Lee",
        "phone": "(415) 601 5610",
        "isMobile": True,
        "agent": "Mission Store",
        "paymentTerm": "AutoPay",
        "hasCreditCard": True,
        "createdAt": "2026-01-05T17:30:00.123Z",
        "lastVisit": "2026-03-02T20:00:00.000Z",
        "deliveryPreference": "Route Regular",
        "link": account_link(customer.uuid, 1),
        "brand": "Bubbles Deluxe",
        "address": {
            "street": "1 Example Street",
            "city": "San Francisco",
            "state": "CA",
            "postalCode": "94110",
            "country": "US",
        },
        "receiveEmails": True,
        "receiveTexts": False,
        "group": "Teachers",
        "accountDiscount": {"name": "Loyal", "description": "Since 2020", "value": 12.5},
        "customFields": [
            {"name": "Referral Source", "value": "Website"},
            {"name": "Birthday", "value": "1990-05-04"},
        ],
        "demographic": 2,
        "phoneE164": "+14156015610",
        "birthday": "1990-05-04",
    }


def test_an_empty_customer_has_every_trait() -> None:
    customer = CustomerFactory.create(bare=True, business__name="Bubbles", created_at=SIGNED_UP)
    assert traits_of(customer) == {
        "email": None,
        "name": None,
        "firstName": None,
        "lastName": None,
        "phone": None,
        "isMobile": False,
        "agent": None,
        "paymentTerm": "POS",
        "hasCreditCard": False,
        "createdAt": "2026-01-05T17:30:00.123Z",
        "lastVisit": None,
        "deliveryPreference": "No Delivery Preference",
        "link": account_link(customer.uuid, 1),
        "brand": "Bubbles",
        "address": None,
        "receiveEmails": True,
        "receiveTexts": True,
        "group": None,
        "accountDiscount": None,
        "customFields": [],
        "demographic": 5,
        "phoneE164": None,
        "birthday": None,
    }


def test_there_are_the_21_traits_of_the_article_and_two_more() -> None:
    assert len(get_type_hints(Traits)) == 23


def test_a_corporate_customer_has_the_company_s_and_the_contact_s_name() -> None:
    customer = CustomerFactory.create(
        corporate=True, company_name="Lee & Co", first_name="Ann", last_name="Lee"
    )
    traits = traits_of(customer)
    assert (traits["name"], traits["firstName"], traits["lastName"]) == ("Lee & Co", "Ann", "Lee")


def test_an_unknown_part_of_an_address_is_null() -> None:
    customer = CustomerFactory.create(bare=True, city="Oakland")
    assert traits_of(customer)["address"] == {
        "street": None,
        "city": "Oakland",
        "state": None,
        "postalCode": None,
        "country": None,
    }


def test_names_of_any_script_pass_unchanged() -> None:
    customer = CustomerFactory.create(
        first_name="Zoë 🧥", last_name="李\u200d", street="Straße 1", business__name="Чисто"
    )
    traits = traits_of(customer)
    assert (traits["name"], traits["address"] and traits["address"]["street"], traits["brand"]) == (
        "Zoë 🧥 李\u200d",
        "Straße 1",
        "Чисто",
    )


def test_a_custom_field_s_value_may_be_huge_or_empty() -> None:
    customer = CustomerFactory.create()
    huge = "ü" * 40_000
    for position, value in enumerate([huge, ""]):
        field = CustomFieldFactory.create(
            business=customer.business, position=position, name=f"Field {position}"
        )
        CustomFieldValueFactory.create(customer=customer, field=field, value=value)
    assert traits_of(customer)["customFields"] == [
        {"name": "Field 0", "value": huge},
        {"name": "Field 1", "value": None},
    ]


def test_a_discount_may_be_an_amount_and_have_no_description() -> None:
    customer = CustomerFactory.create()
    customer.discount = DiscountFactory.create(
        business=customer.business, name="Five off", kind="AMOUNT", value=Decimal(5), description=""
    )
    customer.save()
    assert traits_of(customer)["accountDiscount"] == {
        "name": "Five off",
        "description": None,
        "value": 5.0,
    }


class TestPhone:
    @pytest.mark.parametrize(
        ("phone", "formatted"),
        [
            ("+14156015610", "(415) 601 5610"),
            ("+16045550123", "(604) 555 0123"),
            ("+18765550123", "(876) 555 0123"),
            ("+447700900123", "07700 900123"),
            ("+442079460000", "020 7946 0000"),
            ("+4930231250001", "030 231250001"),
            ("+33123456789", "01 23 45 67 89"),
        ],
    )
    def test_a_phone_number_has_the_country_s_own_format(self, phone: str, formatted: str) -> None:
        traits = traits_of(CustomerFactory.create(phone=phone))
        assert (traits["phone"], traits["phoneE164"]) == (formatted, phone)

    @pytest.mark.parametrize(
        ("phone", "stated", "answered", "is_mobile"),
        [
            # What the POS stated comes first.
            ("+447400123456", False, True, False),
            ("+442079460000", True, False, True),
            # Then the numbering plan, if it says so.
            ("+447400123456", None, False, True),
            ("+442079460000", None, True, False),
            ("+18005550123", None, True, False),
            # In North America it does not say so: a replied text does.
            ("+14155550123", None, False, False),
            ("+14155550123", None, True, True),
            ("+14155550123", False, True, False),
            ("+14155550123", True, False, True),
            ("", None, True, False),
            ("", True, True, False),
        ],
    )
    def test_the_pos_the_numbering_plan_or_a_reply_decides_whether_a_phone_is_mobile(
        self, phone: str, stated: bool | None, answered: bool, is_mobile: bool
    ) -> None:
        customer = CustomerFactory.create(
            phone=phone, phone_is_mobile=stated, text_answered_at=LAST_VISIT if answered else None
        )
        assert traits_of(customer)["isMobile"] is is_mobile


class TestBirthday:
    @pytest.mark.parametrize(
        ("value", "birthday"),
        [("1990-05-04", "1990-05-04"), ("05-04", "05-04"), ("02-29", "02-29"), ("", None)],
    )
    def test_the_birthday_is_the_value_of_the_birthday_field(
        self, value: str, birthday: str | None
    ) -> None:
        customer = CustomerFactory.create()
        field = CustomFieldFactory.create(business=customer.business, birthday=True)
        CustomFieldValueFactory.create(customer=customer, field=field, value=value)
        assert traits_of(customer, field)["birthday"] == birthday
        assert traits_of(customer)["birthday"] is None

    def test_an_old_string_in_a_date_field_is_no_birthday(self) -> None:
        customer = CustomerFactory.create()
        field = CustomFieldFactory.create(business=customer.business)
        CustomFieldValueFactory.create(customer=customer, field=field, value="about 05-04")
        field.kind = CustomField.Kind.DATE
        field.save()
        assert traits_of(customer, field)["birthday"] is None

    def test_a_date_in_another_field_is_no_birthday(self) -> None:
        customer = CustomerFactory.create()
        field, other = CustomFieldFactory.create_batch(2, business=customer.business, birthday=True)
        CustomFieldValueFactory.create(customer=customer, field=other, value="05-04")
        assert traits_of(customer, field)["birthday"] is None


class TestLinks:
    def test_a_link_is_always_the_same_and_opens_its_customer(self) -> None:
        customer = CustomerFactory.create()
        link = traits_of(customer)["link"]
        assert link == traits_of(customer)["link"]
        assert link.startswith(f"{settings.PUBLIC_URL}/account/")
        claim = read_link(urlsplit(link).path.removeprefix("/account/"))
        assert claim == (customer.uuid, 1)

    def test_a_revoked_link_has_an_old_version(self) -> None:
        customer = CustomerFactory.create()
        old = traits_of(customer)["link"]
        customer.revoke_links()
        new = traits_of(customer)["link"]
        assert old != new
        claim = read_link(old.rsplit("/", 1)[1])
        assert claim is not None
        assert claim.link_version != customer.link_version

    def test_a_forged_link_opens_nothing(self) -> None:
        customer, other = CustomerFactory.create_batch(2)
        token = account_link(customer.uuid, 1).rsplit("/", 1)[1]
        forged = [
            token.replace(customer.uuid.hex, other.uuid.hex),
            token.replace(".1.", ".2."),
            token[:-1],
            token + "A",
            customer.uuid.hex,
            "",
            ".",
            "..",
        ]
        assert [read_link(text) for text in forged] == [None] * len(forged)

    def test_a_link_needs_no_escaping(self) -> None:
        token = account_link(CustomerFactory.create().uuid, 1).rsplit("/", 1)[1]
        assert all(
            character.isascii() and (character.isalnum() or character in "-_.")
            for character in token
        )


def test_many_customers_take_two_queries() -> None:
    business = BusinessFactory.create()
    field = CustomFieldFactory.create(business=business)
    customers = CustomerFactory.create_batch(20, business=business, full=True)
    for customer in customers:
        CustomFieldValueFactory.create(customer=customer, field=field, value=str(customer.pk))
    ids = [customer.pk for customer in customers]
    with CaptureQueriesContext(connection) as queries:
        sources, values = trait_sources(ids), custom_values(ids)
        traits = {pk: build_traits(sources[pk], values[pk], None) for pk in ids}
    assert len(queries) == 2
    assert [traits[pk]["customFields"] for pk in ids] == [
        [{"name": field.name, "value": str(pk)}] for pk in ids
    ]


def test_a_deleted_customer_is_left_out() -> None:
    customer = CustomerFactory.create()
    assert set(trait_sources([customer.pk, customer.pk + 1])) == {customer.pk}
    assert custom_values([customer.pk]) == {}


def test_the_source_has_the_business_and_the_customer() -> None:
    customer = CustomerFactory.create(receive_emails=False)
    source = trait_sources([customer.pk])[customer.pk]
    assert (source.business_id, source.uuid, source.email, source.receive_emails) == (
        customer.business_id,
        customer.uuid,
        customer.email,
        False,
    )


class TestColumnsOfTraits:
    """A change of a listed column changes the traits, a change of another column does not."""

    OTHER_VALUES: dict[str, Any] = {
        "uuid": "00000000-0000-4000-8000-000000000000",
        "kind": "CORPORATE",
        "phone": "+447700900999",
        "phone_is_mobile": True,
        "text_answered_at": LAST_VISIT,
        "payment_term": "Statement",
        "card_on_file": True,
        "created_at": LAST_VISIT,
        "last_visit": LAST_VISIT,
        "delivery_preference": "Will Call",
        "link_version": 7,
        "country": "CA",
        "receive_emails": False,
        "receive_texts": False,
        "demographic": 1,
    }

    @pytest.mark.parametrize("name", sorted(TRAIT_FIELDS))
    def test_a_listed_column_changes_the_traits(self, name: str) -> None:
        customer = CustomerFactory.create(company_name="Example Inc.")
        if name == "company_name":
            Customer.objects.filter(pk=customer.pk).update(kind="CORPORATE")
        before = traits_of(customer)
        Customer.objects.filter(pk=customer.pk).update(**{name: self.other_value(customer, name)})
        assert traits_of(customer) != before

    def other_value(self, customer: Customer, name: str) -> Any:
        factories: dict[str, Any] = {
            "agent_id": AgentFactory,
            "brand_id": BrandFactory,
            "group_id": CustomerGroupFactory,
            "discount_id": DiscountFactory,
        }
        if name in factories:
            return factories[name].create(business=customer.business).pk
        return self.OTHER_VALUES.get(name, "Other")

    def test_the_other_columns_change_no_trait(self) -> None:
        customer = CustomerFactory.create()
        before = traits_of(customer)
        unlisted = (
            {field.attname for field in Customer._meta.concrete_fields}
            - TRAIT_FIELDS
            - {"id", "business_id"}
        )
        assert unlisted == {
            "emails_opted_out_at",
            "external_id",
            "master_id",
            "phone_note",
            "source",
            "texts_opted_out_at",
            "visit_frequency",
        }
        Customer.objects.filter(pk=customer.pk).update(
            master=CustomerFactory.create(), source="Website", visit_frequency="weekly"
        )
        assert traits_of(customer) == before

    def test_the_related_columns_exist_and_are_those_that_are_read(self) -> None:
        for model, names in RELATED_TRAIT_FIELDS.items():
            assert names <= {
                field.attname for field in getattr(models, model)._meta.concrete_fields
            }
        read = {
            column.rpartition("__")[2]
            for column in TRAIT_SOURCE_COLUMNS
            if column.startswith("discount__")
        }
        assert RELATED_TRAIT_FIELDS["Discount"] == read

    def test_the_business_name_is_used_only_without_a_brand(self) -> None:
        branded, plain = CustomerFactory.create(full=True), CustomerFactory.create()
        Business.objects.filter(pk__in=[branded.business_id]).update(name="Renamed 1")
        Business.objects.filter(pk__in=[plain.business_id]).update(name="Renamed 2")
        assert branded.brand is not None
        assert (traits_of(branded)["brand"], traits_of(plain)["brand"]) == (
            branded.brand.name,
            "Renamed 2",
        )
