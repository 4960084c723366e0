"""Members of several businesses: permissions are checked for each row's business."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from customers import access
from customers.models import Brand, Business, Customer, CustomField, CustomFieldValue, Membership
from events.models import Integration
from tests.admin.conftest import logged_in, member
from tests.factories import (
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    MembershipFactory,
    OrderFactory,
)

pytestmark = pytest.mark.django_db
OWNER, HELPER = Membership.Role.OWNER, Membership.Role.HELPER


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def text(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


@pytest.fixture
def owner_and_helper(owner: User, other_business: Business) -> User:
    """Owns one business and helps in another."""
    MembershipFactory.create(user=owner, business=other_business, role=HELPER)
    return owner


@pytest.fixture
def owner_of_two(owner: User, other_business: Business) -> User:
    MembershipFactory.create(user=owner, business=other_business, role=OWNER)
    return owner


class TestWhoOwnsOneBusinessAndHelpsInAnother:
    def test_has_the_permissions_of_each_role(
        self, owner_and_helper: User, business: Business, other_business: Business
    ) -> None:
        third = BusinessFactory.create()

        of_each = [
            [
                asks(owner_and_helper, it.pk)
                for asks in (access.may_see, access.may_manage, access.may_resend)
            ]
            for it in (business, other_business, third)
        ]

        assert of_each == [[True, True, True], [True, False, True], [False, False, False]]
        assert set(access.businesses_of(owner_and_helper)) == {business, other_business}
        assert set(access.managed_by(owner_and_helper)) == {business}

    def test_changes_records_only_where_they_own(
        self, owner_and_helper: User, business: Business, other_business: Business
    ) -> None:
        own, other = (
            BrandFactory.create(business=business),
            BrandFactory.create(business=other_business, name="Left alone"),
        )
        client = logged_in(owner_and_helper)

        answers = [
            client.post(page(Brand, "change", brand.pk), {"name": "Renamed"}).status_code
            for brand in (own, other)
        ]
        deleted = client.post(page(Brand, "delete", other.pk), {"post": "yes"}).status_code

        assert (answers, deleted) == ([302, 403], 403)
        assert set(Brand.objects.values_list("pk", "name")) == {
            (own.pk, "Renamed"),
            (other.pk, "Left alone"),
        }

    def test_deletes_no_selection_that_holds_a_row_of_the_other(
        self, owner_and_helper: User, business: Business, other_business: Business
    ) -> None:
        brands = [
            BrandFactory.create(business=business),
            BrandFactory.create(business=other_business),
        ]
        selected = {
            "action": "delete_selected",
            "_selected_action": [brand.pk for brand in brands],
            "post": "yes",
        }

        assert (
            logged_in(owner_and_helper).post(page(Brand, "changelist"), selected).status_code == 403
        )
        assert Brand.objects.count() == 2

    def test_adds_nothing_to_the_other(
        self, owner_and_helper: User, other_business: Business
    ) -> None:
        customer, field = (
            CustomerFactory.create(business=other_business),
            CustomFieldFactory.create(business=other_business),
        )
        client = logged_in(owner_and_helper)

        brand = client.post(page(Brand, "add"), {"business": other_business.pk, "name": "New"})
        value = client.post(
            page(CustomFieldValue, "add"),
            {"customer": customer.pk, "field": field.pk, "value": "x"},
        )

        assert errors(brand).keys() == {"business"}
        assert errors(value).keys() == {"customer", "field"}
        assert (Brand.objects.count(), CustomFieldValue.objects.count()) == (0, 0)

    def test_sees_rows_within_the_others_records_without_a_field_to_type_in(
        self, owner_and_helper: User, business: Business, other_business: Business
    ) -> None:
        client = logged_in(owner_and_helper)
        shown = {}
        for it in (business, other_business):
            value = CustomFieldValueFactory.create(
                customer=CustomerFactory.create(business=it), value=f"Told to {it.pk}"
            )
            shown[it] = text(client.get(page(Customer, "change", value.customer.pk)))
            assert value.value in shown[it]

        assert 'name="custom_values-0-value"' in shown[business]
        assert 'name="custom_values-0-value"' not in shown[other_business]
        assert 'name="_save"' not in shown[other_business]


class TestWhoOwnsTwoBusinesses:
    def test_never_moves_a_record_from_one_to_the_other(
        self, owner_of_two: User, business: Business, other_business: Business
    ) -> None:
        brand, value = (
            BrandFactory.create(business=business),
            CustomFieldValueFactory.create(customer=CustomerFactory.create(business=business)),
        )
        there = CustomerFactory.create(business=other_business)
        client = logged_in(owner_of_two)

        client.post(
            page(Brand, "change", brand.pk), {"business": other_business.pk, "name": "Renamed"}
        )
        client.post(
            page(CustomFieldValue, "change", value.pk),
            {"customer": there.pk, "field": value.field.pk, "value": "changed"},
        )

        assert Brand.objects.values_list("business", "name").get() == (business.pk, "Renamed")
        assert CustomFieldValue.objects.values_list("customer", "value").get() == (
            value.customer.pk,
            "changed",
        )

    def test_gets_an_error_when_a_record_would_refer_to_the_other(
        self, owner_of_two: User, business: Business, other_business: Business
    ) -> None:
        value = CustomFieldValueFactory.create(customer=CustomerFactory.create(business=business))
        there: CustomField = CustomFieldFactory.create(business=other_business)

        answer = logged_in(owner_of_two).post(
            page(CustomFieldValue, "change", value.pk), {"field": there.pk, "value": "x"}
        )

        assert errors(answer) == {"field": ["This field belongs to another business."]}
        assert CustomFieldValue.objects.get().field == value.field

    def test_chooses_between_them_in_forms_and_filters(
        self, owner_of_two: User, business: Business
    ) -> None:
        client = logged_in(owner_of_two)
        brand = BrandFactory.create(business=business)

        shown = text(client.get(page(Brand, "changelist")))
        form = client.get(page(Brand, "add")).context["adminform"].form

        assert business.name in shown
        assert 'name="business__id__exact"' in shown
        assert not form.fields["business"].widget.is_hidden
        assert brand.name not in text(
            client.get(
                page(Brand, "changelist"),
                {"business__id__exact": access.businesses_of(owner_of_two)[1].pk},
            )
        )

    def test_does_not_learn_the_name_of_a_third_from_a_filter(self, owner_of_two: User) -> None:
        third = BusinessFactory.create(name="Nobody's Business")
        client = logged_in(owner_of_two)

        for model in (Brand, Customer, CustomFieldValue):
            path = "customer__business" if model is CustomFieldValue else "business"
            answer = client.get(page(model, "changelist"), {f"{path}__id__exact": third.pk})
            assert (answer.status_code, "Nobody" in text(answer)) == (200, False), model


class TestWhoOwnsOne:
    def test_is_asked_for_no_business_and_shown_no_column_of_it(
        self, owner: User, business: Business
    ) -> None:
        BrandFactory.create(business=business)
        client = logged_in(owner)

        shown = client.get(page(Brand, "changelist"))
        form = client.get(page(Brand, "add")).context["adminform"].form
        client.post(page(Brand, "add"), {"business": business.pk, "name": "Added"})

        assert "business" not in shown.context["cl"].list_display
        assert not shown.context["cl"].has_filters
        assert (form.fields["business"].widget.is_hidden, form.initial["business"]) == (
            True,
            business.pk,
        )
        assert Brand.objects.filter(business=business, name="Added").exists()

    def test_adds_to_no_other_whatever_the_form_is_sent_with(
        self, owner: User, other_business: Business
    ) -> None:
        answer = logged_in(owner).post(
            page(Brand, "add"), {"business": other_business.pk, "name": "Planted"}
        )

        assert errors(answer).keys() == {"business"}
        assert not Brand.objects.exists()

    def test_finds_no_name_by_putting_a_number_into_the_address_of_a_form(
        self, owner: User, other_business: Business
    ) -> None:
        stranger = CustomerFactory.create(business=other_business, last_name="Stranger")
        field = CustomFieldFactory.create(business=other_business, name="Strange field")
        client = logged_in(owner)

        shown = text(
            client.get(page(CustomFieldValue, "add"), {"customer": stranger.pk, "field": field.pk})
        )
        again = text(
            client.post(
                page(CustomFieldValue, "add"),
                {"customer": stranger.pk, "field": field.pk, "value": "x"},
            )
        )

        assert "Strange" not in shown + again
        assert not CustomFieldValue.objects.exists()

    def test_changes_the_zone_of_the_business_and_not_its_name(
        self, owner: User, business: Business
    ) -> None:
        """Names are unique, so a user who could try names would learn which businesses exist."""
        BusinessFactory.create(name="Taken")
        client = logged_in(owner)

        answer = client.post(
            page(Business, "change", business.pk),
            {"name": "Taken", "time_zone": "America/Chicago", "country": "US", "currency": "CAD"},
        )

        stored = Business.objects.get(pk=business.pk)
        assert answer.status_code == 302
        assert (stored.name, stored.time_zone, stored.currency) == (
            business.name,
            "America/Chicago",
            business.currency,
        )
        assert client.get(page(Business, "add")).status_code == 403
        assert (
            client.post(page(Business, "delete", business.pk), {"post": "yes"}).status_code == 403
        )


@pytest.mark.parametrize(
    "lookup",
    [
        "customer__email__startswith",
        "customer__business__name__startswith",
        "business__name__startswith",
        "business__integration__write_key__startswith",
        "business__memberships__user__password__startswith",
        "sold_by__name__startswith",
    ],
)
def test_a_list_answers_no_question_but_its_filters(
    owner: User, business: Business, lookup: str
) -> None:
    OrderFactory.create(business=business, customer=CustomerFactory.create(business=business))

    assert (
        logged_in(owner)
        .get(page(OrderFactory._meta.model, "changelist"), {lookup: "a"})
        .status_code
        == 400
    )


def test_a_helper_cannot_ask_for_the_write_key_by_its_beginning(
    helper: User, other_business: Business, integration: Integration
) -> None:
    MembershipFactory.create(user=helper, business=other_business)
    assert (
        logged_in(helper)
        .get(page(Integration, "changelist"), {"write_key__startswith": "a"})
        .status_code
        == 400
    )


class TestSupportsPages:
    @pytest.fixture
    def trusted(self, owner: User) -> Client:
        """An owner to whom somebody gave every permission there is."""
        owner.user_permissions.set(Permission.objects.all())
        return logged_in(owner)

    @pytest.mark.parametrize(
        "name",
        [
            "auth_user",
            "auth_group",
            "customers_membership",
            "axes_accessattempt",
            "axes_accesslog",
            "axes_accessfailurelog",
            "django_celery_beat_periodictask",
            "django_celery_beat_crontabschedule",
        ],
    )
    def test_stay_closed_whatever_the_permissions(
        self, trusted: Client, owner: User, name: str
    ) -> None:
        assert trusted.get(reverse(f"admin:{name}_add")).status_code == 403
        changelist = trusted.get(reverse(f"admin:{name}_changelist"))
        assert changelist.status_code == 403 or not list(changelist.context["cl"].result_list)

    def test_users_are_not_found_by_autocomplete(self, trusted: Client, support: User) -> None:
        asked = {
            "app_label": "customers",
            "model_name": "membership",
            "field_name": "user",
            "term": "sup",
        }
        answer = trusted.get(reverse("admin:autocomplete"), asked)
        assert support.username not in text(answer)
        assert answer.status_code == 403


def test_support_sees_all_and_filters_by_business(
    support: User, business: Business, other_business: Business
) -> None:
    mine, theirs = (
        BrandFactory.create(business=business, name="One"),
        BrandFactory.create(business=other_business, name="Two"),
    )
    client = logged_in(support)

    def listed(**query: Any) -> list[Brand]:
        return list(client.get(page(Brand, "changelist"), query).context["cl"].result_list)

    assert listed() == [mine, theirs]
    assert listed(business__id__exact=other_business.pk) == [theirs]


def test_a_member_of_nothing_sees_nothing(business: Business) -> None:
    gone = member("gone", business, OWNER)
    client = logged_in(gone)
    brand = BrandFactory.create(business=business)
    Membership.objects.all().delete()

    answer = client.get(page(Brand, "change", brand.pk))

    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (
        302,
        reverse("admin:login"),
    )
