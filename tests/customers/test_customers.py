"""Customers: sign-up, phone numbers, custom fields and visits."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError

from customers.models import Agent, Business, Customer, CustomField, CustomFieldValue, Visit
from tests.customers.recorder import Saved, summaries
from tests.customers.refused import IN_THE_FUTURE, refused
from tests.factories import (
    AgentFactory,
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    EmployeeFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 20, tzinfo=UTC)


@time_machine.travel(NOON, tick=False)
def test_a_signup_is_a_visit_but_does_not_set_the_last_visit(
    business: Business, saves: list[Saved]
) -> None:
    saves.clear()
    customer = Customer.sign_up(
        business,
        source="Website",
        first_name="Ann",
        email="ann@example.com",
        phone="(415) 555-0123",
    )
    assert summaries(saves) == ["Customer +", "Visit +"]
    assert (customer.source, customer.created_at, customer.last_visit, customer.phone) == (
        "Website",
        NOON,
        None,
        "+14155550123",
    )
    visit = customer.visits.get()
    assert (visit.visit_type, visit.day, visit.at, visit.business_id) == (
        "Signup",
        date(2026, 3, 2),
        NOON,
        business.pk,
    )


def test_a_customer_with_nothing_but_a_name_can_sign_up(business: Business) -> None:
    customer = Customer.sign_up(business, first_name="Ann")
    customer.refresh_from_db()
    assert (customer.name, customer.email, customer.phone, customer.address, customer.agent) == (
        "Ann",
        "",
        "",
        None,
        None,
    )
    assert (
        customer.payment_term,
        customer.delivery_preference,
        customer.visit_frequency,
        customer.demographic,
    ) == (
        "POS",
        "No Delivery Preference",
        "unknown",
        5,
    )


@pytest.mark.parametrize(
    ("details", "message", "field"),
    [
        ({"email": "ann at example.com"}, "Enter a valid email address.", "email"),
        ({"phone": "12"}, "12 is not a possible phone number.", "phone"),
        ({"phone": "call me"}, "call me is not a phone number.", "phone"),
        ({"city": "x" * 151}, "Ensure this value has at most 150 characters (it has 151).", "city"),
        (
            {"country": "us"},
            "Use the country's two capital letters (ISO 3166), for example US.",
            "country",
        ),
        ({"visit_frequency": "daily"}, "Value 'daily' is not a valid choice.", "visit_frequency"),
    ],
)
def test_a_signup_with_an_invalid_value_is_refused_with_its_field(
    business: Business, details: dict[str, Any], message: str, field: str
) -> None:
    with refused(message, "invalid", field):
        Customer.sign_up(business, **details)


def test_a_signup_with_another_business_s_brand_is_refused(business: Business) -> None:
    foreign = BrandFactory.create()
    with refused("This brand belongs to another business.", "invalid", "brand"):
        Customer.sign_up(business, brand=foreign)


def test_a_signup_in_the_future_is_refused(business: Business) -> None:
    with refused(IN_THE_FUTURE, "future_time", "at"):
        Customer.sign_up(business, at=datetime.now(UTC) + timedelta(minutes=6))


def test_the_form_refuses_every_reference_to_another_business(customer: Customer) -> None:
    other = CustomerFactory.create(full=True)
    for name in ("agent", "brand", "group", "discount"):
        setattr(customer, name, getattr(other, name))
    customer.master = other
    with pytest.raises(ValidationError) as caught:
        customer.full_clean()
    assert caught.value.message_dict == {
        name: [f"This {name} belongs to another business."]
        for name in ("agent", "brand", "group", "discount", "master")
    }


def test_a_stop_must_not_mix_businesses() -> None:
    stop = StopFactory.create()
    stop.driver, stop.route = EmployeeFactory.create(), AgentFactory.create(kind=Agent.Kind.ROUTE)
    with pytest.raises(ValidationError) as caught:
        stop.clean()
    assert sorted(caught.value.message_dict) == ["driver", "route"]


class TestPhone:
    @pytest.mark.parametrize(
        ("country", "entered", "stored"),
        [
            ("US", "(415) 555-0123", "+14155550123"),
            ("US", "415.555.0123", "+14155550123"),
            ("US", "1 415 555 0123 x5", "+14155550123"),
            ("GB", "07700 900123", "+447700900123"),
            ("DE", "030 23125 000", "+493023125000"),
            ("US", "+44 7700 900123", "+447700900123"),
            ("US", "", ""),
        ],
    )
    def test_a_number_is_read_in_the_country_s_own_format(
        self, country: str, entered: str, stored: str
    ) -> None:
        customer = CustomerFactory.create(business__country=country, phone=entered)
        customer.refresh_from_db()
        assert customer.phone == stored

    @pytest.mark.parametrize(
        "entered", ["555-0123", "+1415555012", "+999 1234567", "415 555 0123 4567 89"]
    )
    def test_an_impossible_number_is_refused_by_name(
        self, business: Business, entered: str
    ) -> None:
        with pytest.raises(ValidationError) as caught:
            CustomerFactory.create(business=business, phone=entered)
        assert caught.value.message_dict["phone"][0].startswith(f"{entered} is not a ")
        assert not Customer.objects.exists()

    def test_a_save_of_another_field_leaves_the_number_unchanged(self, customer: Customer) -> None:
        customer.phone, customer.first_name = "nonsense", "Bea"
        customer.save(update_fields=["first_name"])
        customer.refresh_from_db()
        assert customer.first_name == "Bea"
        assert customer.phone.startswith("+1415555")

    def test_a_new_number_deletes_what_was_known_about_the_old_one(
        self, customer: Customer
    ) -> None:
        customer.record_text_reply()
        customer.change_phone("415 555 0199", is_mobile=False)
        customer.refresh_from_db()
        assert (customer.phone, customer.phone_is_mobile, customer.text_answered_at) == (
            "+14155550199",
            False,
            None,
        )

    def test_changing_to_an_impossible_number_is_refused(self, customer: Customer) -> None:
        with refused("12 is not a possible phone number.", "invalid", "phone"):
            customer.change_phone("12")

    def test_the_time_of_the_first_answered_text_stays(self, customer: Customer) -> None:
        first = datetime.now(UTC) - timedelta(days=2)
        customer.record_text_reply(first)
        customer.record_text_reply()
        customer.refresh_from_db()
        assert customer.text_answered_at == first


class TestCustomFields:
    @pytest.mark.parametrize(
        ("entered", "stored"),
        [
            ("1990-05-04", "1990-05-04"),
            (" 1990-5-4 ", "1990-05-04"),
            ("05-04", "05-04"),
            ("5-4", "05-04"),
            ("02-29", "02-29"),
            ("2000-02-29", "2000-02-29"),
            ("", ""),
        ],
    )
    def test_a_date_is_stored_in_one_of_two_formats(
        self, customer: Customer, entered: str, stored: str
    ) -> None:
        field = CustomFieldFactory.create(business=customer.business, birthday=True)
        CustomFieldValue.record(customer, field, entered)
        assert customer.custom_values.get().value == stored

    @pytest.mark.parametrize(
        "entered",
        [
            "1990-02-29",
            "02-30",
            "13-01",
            "5/4/1990",
            "May 4",
            "1990-05-04T00:00",
            "0000-01-01",
            "\N{ARABIC-INDIC DIGIT FIVE}-04",
        ],
    )
    def test_an_invalid_date_is_refused_with_the_field_and_the_formats(
        self, customer: Customer, entered: str
    ) -> None:
        field = CustomFieldFactory.create(
            business=customer.business, name="Birthday", kind=CustomField.Kind.DATE
        )
        sentence = (
            "Birthday must be a date like 1990-05-04 (YYYY-MM-DD)"
            " or, without a year, 05-04 (MM-DD)."
        )
        with refused(sentence, "invalid", "value"):
            CustomFieldValue.record(customer, field, entered)
        with pytest.raises(ValidationError, match=r"must be a date like"):
            CustomFieldValueFactory.create(customer=customer, field=field, value=entered)

    def test_a_text_of_any_length_is_stored_unchanged(self, customer: Customer) -> None:
        field = CustomFieldFactory.create(business=customer.business)
        text = "Zoë prefers 🧥, on hangers. " * 1500
        CustomFieldValue.record(customer, field, text)
        assert customer.custom_values.get().value == text

    def test_a_second_answer_replaces_the_first(
        self, customer: Customer, saves: list[Saved]
    ) -> None:
        field = CustomFieldFactory.create(business=customer.business)
        saves.clear()
        CustomFieldValue.record(customer, field, "Newspaper")
        CustomFieldValue.record(customer, field, "Website")
        assert [value.value for value in customer.custom_values.all()] == ["Website"]
        assert summaries(saves) == ["CustomFieldValue +", "CustomFieldValue updated_at value"]

    def test_another_business_s_field_is_refused(self, customer: Customer) -> None:
        foreign = CustomFieldFactory.create()
        with refused("This field belongs to another business.", "other_business", "field"):
            CustomFieldValue.record(customer, foreign, "Website")


def test_revoking_links_changes_their_version(customer: Customer) -> None:
    customer.revoke_links()
    customer.refresh_from_db()
    assert customer.link_version == 2


def test_an_action_on_a_customer_who_was_deleted_is_refused(customer: Customer) -> None:
    Customer.objects.filter(pk=customer.pk).delete()
    with refused("This customer was deleted in the meantime.", "gone"):
        customer.revoke_links()


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"first_name": "Ann", "last_name": "Lee"}, "Ann Lee"),
        ({"first_name": "Ann", "last_name": ""}, "Ann"),
        ({"first_name": "", "last_name": "Lee"}, "Lee"),
        ({"kind": "CORPORATE", "company_name": "Lee & Co", "first_name": "Ann"}, "Lee & Co"),
        (
            {"kind": "CORPORATE", "company_name": "", "first_name": "Ann", "last_name": "Lee"},
            "Ann Lee",
        ),
        (
            {
                "kind": "REGULAR",
                "company_name": "Lee & Co",
                "first_name": "Ann",
                "last_name": "Lee",
            },
            "Ann Lee",
        ),
    ],
)
def test_a_customer_is_named_after_the_company_or_the_contact(
    values: dict[str, str], name: str
) -> None:
    assert Customer(**values).name == name


class TestVisits:
    """One row for each local day. The last visit only moves forward."""

    def record_store_visit(self, customer: Customer, at: datetime) -> Visit | None:
        customer.lock("business")
        return Visit.record(customer, Visit.Type.STORE, at)

    @pytest.mark.parametrize(
        ("time_zone", "first", "second", "days"),
        [
            (
                "America/Los_Angeles",
                datetime(2026, 3, 2, 8, tzinfo=UTC),
                datetime(2026, 3, 3, 7, 59, tzinfo=UTC),
                [date(2026, 3, 2)],
            ),
            (
                "America/Los_Angeles",
                datetime(2026, 3, 2, 7, 59, tzinfo=UTC),
                datetime(2026, 3, 2, 8, tzinfo=UTC),
                [date(2026, 3, 1), date(2026, 3, 2)],
            ),
            # The day begins at 01:00 there.
            (
                "Africa/Cairo",
                datetime(2026, 4, 23, 21, 59, tzinfo=UTC),
                datetime(2026, 4, 23, 22, tzinfo=UTC),
                [date(2026, 4, 23), date(2026, 4, 24)],
            ),
            (
                "Asia/Beirut",
                datetime(2026, 3, 28, 21, 59, tzinfo=UTC),
                datetime(2026, 3, 28, 22, tzinfo=UTC),
                [date(2026, 3, 28), date(2026, 3, 29)],
            ),
        ],
    )
    def test_visits_count_by_local_day(
        self, time_zone: str, first: datetime, second: datetime, days: list[date]
    ) -> None:
        customer = CustomerFactory.create(business=BusinessFactory.create(time_zone=time_zone))
        self.record_store_visit(customer, first)
        self.record_store_visit(customer, second)
        assert list(customer.visits.order_by("day").values_list("day", flat=True)) == days

    def test_a_second_visit_of_a_day_only_updates_the_last_visit(
        self, customer: Customer, saves: list[Saved]
    ) -> None:
        morning, evening = NOON - timedelta(hours=3), NOON + timedelta(hours=5)
        saves.clear()
        assert self.record_store_visit(customer, morning) is not None
        assert self.record_store_visit(customer, evening) is None
        assert summaries(saves) == ["Visit +", "Customer last_visit", "Customer last_visit"]
        customer.refresh_from_db()
        assert (customer.visits.count(), customer.last_visit) == (1, evening)

    def test_a_visit_reported_late_does_not_move_the_last_visit_back(
        self, customer: Customer
    ) -> None:
        self.record_store_visit(customer, NOON)
        self.record_store_visit(customer, NOON - timedelta(days=3))
        customer.refresh_from_db()
        assert (customer.visits.count(), customer.last_visit) == (2, NOON)

    def test_a_visit_sends_post_save_like_any_new_record(
        self, customer: Customer, saves: list[Saved]
    ) -> None:
        saves.clear()
        visit = self.record_store_visit(customer, NOON)
        assert visit is not None
        assert (saves[0].model, saves[0].created, saves[0].before) == ("Visit", True, None)
        assert saves[0].changed == {"business_id", "customer_id", "day", "visit_type", "at"}
        assert Visit.objects.get(pk=visit.pk).visit_type == "Store"

    def test_a_visit_on_the_day_of_the_signup_is_no_second_visit(self, business: Business) -> None:
        customer = Customer.sign_up(business, first_name="Ann", at=NOON)
        assert self.record_store_visit(customer, NOON + timedelta(hours=1)) is None
        assert [visit.visit_type for visit in customer.visits.all()] == ["Signup"]
        assert customer.last_visit == NOON + timedelta(hours=1)
