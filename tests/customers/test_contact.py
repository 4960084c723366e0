"""What people write about a customer: numbers with notes, birthdays without a year, nobody."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.dates import normalise_date
from customers.models import Business, Customer, CustomField, CustomFieldValue
from customers.phones import ImpossibleNumber, read_phone, same_phone
from customers.traits import build_traits, custom_values, trait_sources
from events.models import Integration, Outgoing
from tests.customers.refused import refused
from tests.events.conftest import business, customer, integration
from tests.factories import BusinessFactory, CustomerFactory, CustomFieldFactory

__all__ = ["business", "customer", "integration"]

pytestmark = pytest.mark.django_db


class TestPhoneEntries:
    """The first number is kept, the rest is a note."""

    @pytest.mark.parametrize(
        ("entered", "number", "note"),
        [
            ("415-601-5610 Ann's cell", "+14156015610", "Ann's cell"),
            ("(415) 601-5610 / 415-601-5611", "+14156015610", "415-601-5611"),
            ("415-601-5610 or 415-601-5611", "+14156015610", "or 415-601-5611"),
            ("4156015610, 4156015611", "+14156015610", "4156015611"),
            ("cell: 415.601.5610", "+14156015610", "cell"),
            ("415-601-5610 x12", "+14156015610", "ext. 12"),
            ("415-601-5610 (after 5pm)", "+14156015610", "after 5pm"),
            ("415-601-5610\r\n415-601-5611", "+14156015610", "415-601-5611"),
            ("1-800-FLOWERS", "+18003569377", ""),
            ("+49 30 23125000 Büro", "+493023125000", "Büro"),
            ("\N{FULLWIDTH DIGIT FOUR}156015610", "+14156015610", ""),
            ("000-000-0000 / 415-601-5610", "+14156015610", "000-000-0000"),
        ],
    )
    def test_a_customer_is_taken_with_what_is_beside_the_number(
        self, business: Business, entered: str, number: str, note: str
    ) -> None:
        customer = Customer.sign_up(business, phone=entered)
        customer.refresh_from_db()
        assert (customer.phone, customer.phone_note) == (number, note)

    def test_a_long_note_is_cut(self, business: Business) -> None:
        customer = Customer.sign_up(business, phone="415 601 5610 " + "a" * 1_000)
        assert (customer.phone, customer.phone_note) == ("+14156015610", "a" * 300)

    @pytest.mark.parametrize(
        "entered",
        [
            "0000000000",
            "1111111111",
            "5555555555",
            "9999999999",
            "1234567890",
            "0123456789",
            "+10000000000",
            "000-000-0000",
            "115-601-5610",
            "415-001-5610",
            "none",
            "n/a",
            "-",
        ],
    )
    def test_what_is_no_phone_s_number_is_refused(self, business: Business, entered: str) -> None:
        with pytest.raises(ImpossibleNumber):
            read_phone(entered, "US")
        with pytest.raises(ValidationError) as caught:
            CustomerFactory.create(business=business, phone=entered)
        assert [*caught.value.message_dict] == ["phone"]

    def test_a_note_belongs_to_its_number(self, customer: Customer) -> None:
        customer.change_phone("415-601-5610 Ann's cell")
        customer.phone = "(415) 601-5610"
        customer.save(update_fields=["phone"])
        customer.refresh_from_db()
        assert (customer.phone, customer.phone_note) == ("+14156015610", "Ann's cell")

        customer.change_phone("415-601-5611")
        assert customer.phone_note == ""
        customer.phone, customer.phone_note = "415-601-5612", "after 5pm"
        customer.save()
        customer.refresh_from_db()
        assert (customer.phone, customer.phone_note) == ("+14156015612", "after 5pm")

    def test_what_is_known_about_a_number_ends_with_it(self, customer: Customer) -> None:
        answered = timezone.now()
        about = {"phone_is_mobile": True, "text_answered_at": answered, "phone_note": "Ann's"}
        for save in ({}, {"update_fields": ["phone"]}):
            Customer.objects.filter(pk=customer.pk).update(phone="+14156015610", **about)
            customer.refresh_from_db()
            customer.phone = "(415) 601-5610"
            customer.save(**save)
            customer.refresh_from_db()
            assert {name: getattr(customer, name) for name in about} == about

            customer.phone = "415-601-5611"
            customer.save(**save)
            customer.refresh_from_db()
            assert customer.phone == "+14156015611"
            assert (customer.phone_is_mobile, customer.text_answered_at) == (None, None)

        customer.change_phone("415-601-5612", is_mobile=True)
        customer.change_phone("415-601-5613", is_mobile=True)
        customer.refresh_from_db()
        assert customer.phone_is_mobile is True

    def test_a_stored_number_that_no_phone_has_is_kept_but_not_sent(
        self, customer: Customer
    ) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone="+10000000000")
        customer.refresh_from_db()
        customer.first_name = "Bea"
        customer.clean()
        customer.save()

        traits = build_traits(trait_sources([customer.pk])[customer.pk], [], None)
        assert (traits["firstName"], traits["phone"], traits["phoneE164"]) == ("Bea", None, None)
        assert traits["isMobile"] is False


class TestSamePhone:
    """Networks report some numbers in two forms."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("+5215512345678", "+525512345678"),
            ("+551187654321", "+5511987654321"),
            ("+5491123456789", "+541123456789"),
        ],
    )
    def test_both_forms_are_one_phone(self, one: str, other: str) -> None:
        assert set(same_phone(one)) == set(same_phone(other)) == {one, other}

    def test_a_brazilian_landline_gets_no_ninth_digit(self) -> None:
        assert same_phone("+551132654321") == ["+551132654321"]

    @pytest.mark.parametrize(
        ("country", "entered", "stored"),
        [
            ("MX", "+52 1 55 1234 5678", "+525512345678"),
            ("MX", "044 55 1234 5678", "+525512345678"),
            ("BR", "(11) 8765-4321", "+5511987654321"),
            ("BR", "(11) 3265-4321", "+551132654321"),
            ("AR", "011 15 2345-6789", "+5491123456789"),
        ],
    )
    def test_a_number_is_stored_in_its_present_form(
        self, country: str, entered: str, stored: str
    ) -> None:
        assert read_phone(entered, country).number == stored

    def test_the_old_form_of_the_stored_number_is_no_change(self, customer: Customer) -> None:
        Customer.objects.filter(pk=customer.pk).update(phone="+5215512345678")
        customer.refresh_from_db()
        assert customer.has_phone("+5215512345678")
        assert customer.has_phone("+52 55 1234 5678")
        assert not customer.has_phone("")


class TestBirthdays:
    @pytest.mark.parametrize(
        ("entered", "day"),
        [
            ("1604-02-29", "02-29"),
            ("1604-5-4", "05-04"),
            ("0001-05-04", "05-04"),
            ("1900-01-01", "01-01"),
            ("1901-01-01", "1901-01-01"),
            ("--02-29", "02-29"),
            ("--0229", "02-29"),
            ("1603-02-29", "02-29"),
            ("2023-02-29", None),
            ("0000-05-04", None),
        ],
    )
    def test_a_year_that_stands_for_none_is_left_out(self, entered: str, day: str | None) -> None:
        assert normalise_date(entered) == day

    @pytest.fixture
    def birthday(self, customer: Customer) -> CustomField:
        return CustomFieldFactory.create(
            business=customer.business, name="Birthday", kind=CustomField.Kind.DATE
        )

    @pytest.mark.parametrize("days", [1, 2, 365, 25_000])
    def test_a_day_to_come_is_refused(
        self, customer: Customer, birthday: CustomField, days: int
    ) -> None:
        day = customer.business.today() + timedelta(days=days)
        sentence = (
            "Birthday is in the future. Enter the day of birth or, if you do not know the year,"
            " month and day, such as 05-04."
        )
        with refused(sentence, "invalid", "value"):
            CustomFieldValue.record(customer, birthday, day.isoformat())
        assert not CustomFieldValue.objects.exists()

    def test_today_is_where_the_business_is(self) -> None:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            customer = CustomerFactory.create(business=BusinessFactory.create(time_zone=zone))
            field = CustomFieldFactory.create(business=customer.business, birthday=True)
            today = customer.business.today()
            CustomFieldValue.record(customer, field, today.isoformat())
            with pytest.raises(Exception, match="is in the future"):
                CustomFieldValue.record(customer, field, (today + timedelta(days=1)).isoformat())

    def test_the_field_that_the_owner_chose_holds_birthdays_whatever_its_name(
        self, customer: Customer, integration: Integration
    ) -> None:
        field = CustomFieldFactory.create(
            business=customer.business, name="Big day", kind=CustomField.Kind.DATE
        )
        tomorrow = customer.business.today() + timedelta(days=1)
        CustomFieldValue.record(customer, field, tomorrow.isoformat())
        integration.birthday_field = field
        integration.save()
        with pytest.raises(Exception, match="Big day is in the future"):
            CustomFieldValue.record(customer, field, (tomorrow + timedelta(days=1)).isoformat())

    def test_another_date_may_be_in_the_future(self, customer: Customer) -> None:
        field = CustomFieldFactory.create(
            business=customer.business, name="Member until", kind=CustomField.Kind.DATE
        )
        CustomFieldValue.record(customer, field, "2090-05-04")
        assert CustomFieldValue.objects.get().value == "2090-05-04"

    def test_a_past_day_needs_no_query(self, customer: Customer, birthday: CustomField) -> None:
        row = CustomFieldValue.record(customer, birthday, "1990-05-04")
        row.value = "1991-05-04"
        with CaptureQueriesContext(connection) as queries:
            row.clean()
        assert len(queries) == 0

    @pytest.mark.parametrize(
        ("stored", "sent"), [("1604-02-29", "02-29"), ("2090-05-04", "05-04"), ("soon", None)]
    )
    def test_a_stored_birthday_is_sent_without_an_impossible_year(
        self, customer: Customer, birthday: CustomField, stored: str, sent: str | None
    ) -> None:
        row = CustomFieldValue.record(customer, birthday, "1990-05-04")
        CustomFieldValue.objects.filter(pk=row.pk).update(value=stored)
        source, values = trait_sources([customer.pk]), custom_values([customer.pk])
        traits = build_traits(source[customer.pk], values[customer.pk], birthday.pk)
        assert traits["birthday"] == sent


class TestSomebody:
    """A business has to be able to tell who a customer is."""

    @pytest.mark.parametrize(
        "details",
        [
            {"first_name": "Ann"},
            {"last_name": "Example"},
            {"company_name": "Example Inc."},
            {"email": "ann@example.com"},
            {"phone": "415 601 5610"},
            {"kind": "CORPORATE", "company_name": "Example Inc."},
        ],
    )
    def test_one_detail_is_enough(self, business: Business, details: dict[str, Any]) -> None:
        assert Customer.sign_up(business, **details).pk

    @pytest.mark.parametrize(
        ("details", "field"),
        [
            ({}, "first_name"),
            ({"first_name": " ", "company_name": "\u00a0"}, "first_name"),
            ({"receive_texts": False, "city": "Oakland"}, "first_name"),
            ({"kind": "CORPORATE", "first_name": "Ann"}, "company_name"),
            ({"kind": "CORPORATE", "company_name": " "}, "company_name"),
        ],
    )
    def test_nobody_is_refused_and_nothing_is_recorded(
        self,
        business: Business,
        customer: Customer,
        integration: Integration,
        details: dict[str, Any],
        field: str,
    ) -> None:
        with pytest.raises(Exception, match=r"Give (at least one of|the name of)") as caught:
            Customer.sign_up(business, **details)
        assert getattr(caught.value, "field", None) == field
        assert not Customer.objects.exclude(pk=customer.pk).exists()
        assert not Outgoing.objects.exclude(customer_id=customer.pk).exists()

    def test_the_last_detail_cannot_be_removed(self, business: Business) -> None:
        customer = Customer.sign_up(business, phone="415 601 5610")
        with refused(
            "Give at least one of: first name, last name, company, email address, phone number.",
            "invalid",
            "first_name",
        ):
            customer.change_phone("")

    def test_a_record_from_before_this_rule_can_be_changed_elsewhere(self) -> None:
        customer = CustomerFactory.create(bare=True, kind=Customer.Kind.CORPORATE)
        customer.refresh_from_db()
        customer.receive_texts = False
        customer.clean()
        customer.save()
