"""Every page of the admin writes times and days on the business's clock, as its country does.

Pages are found, not listed. Everything happened at MOMENT, which is 23 November in UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import models
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from customers.admin import StopAdmin
from customers.admin_base import ScopedAdmin
from customers.clock_in_use import clock_in_use
from customers.models import (
    Business,
    Customer,
    Membership,
    NightlyText,
    Order,
    PickupRequest,
    Stop,
    Visit,
)
from events.models import SendLog
from smrt_integration.exports.models import Export
from tests.admin.conftest import logged_in, member
from tests.admin.sample_business import SampleBusiness, scoped_models
from tests.factories import CustomerFactory, OrderFactory, VisitFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
LOOKED_AT = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
IN_THE_UNITED_STATES = "Nov 22, 2026, 5:30 PM"
IN_GERMANY = "23 Nov 2026, 02:30"
SCOPED = sorted(scoped_models(), key=lambda model: model._meta.label)
NOT_READ = re.compile(r"<(script|style|pre|option|template)\b.*?</\1>|<[^>]*>", re.DOTALL)
OTHER_WAYS = re.compile(
    r"01:30|\b1:30|[ap]\.m\.|Nov\.|\b23 Nov|Nov(ember)? 23,|17:30|noon|midnight"
    r"|2026-1[12]-|[0-9] (November|December)"
)
"""The moment in UTC, and times and days that other code than `customers.business_clock` writes."""


@pytest.fixture
def sample(segment: SegmentStandIn, time_machine: TimeMachineFixture) -> SampleBusiness:
    time_machine.move_to(MOMENT, tick=False)
    sample = SampleBusiness("Quokka")
    for model in SCOPED:
        _fill_in_times(sample.rows(model), model)
    # Days of the plan, which no zone moves: one that is not MOMENT's anywhere
    for planned in (NightlyText, PickupRequest):
        planned.objects.update(pickup_date=date(2026, 12, 5))
    Stop.objects.update(scheduled_for=date(2026, 12, 5))
    time_machine.move_to(LOOKED_AT, tick=False)
    return sample


def _fill_in_times(rows: models.QuerySet[Any], model: type[models.Model]) -> None:
    """Set times that are still empty. Where a constraint forbids it, the row stays as it is."""
    empty = {"returned_at", "last_visit", "text_answered_at", "last_used_at", "decided_at"}
    for column in model._meta.concrete_fields:
        if isinstance(column, models.DateTimeField) and column.name in empty:
            rows.update(**{column.name: MOMENT})


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return " ".join(NOT_READ.sub(" ", response.content.decode()).split())


def pages(sample: SampleBusiness) -> Iterator[str]:
    yield reverse("admin:index")
    yield reverse("admin:customers_customer_timeline", args=[sample.customer.pk])
    for model in SCOPED:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        row = sample.rows(model).first()
        if row is not None:
            yield reverse(f"{name}_change", args=[row.pk])
            yield reverse(f"{name}_history", args=[row.pk])


def owner_of(business: Business) -> Client:
    return logged_in(member("olivia", business, Membership.Role.OWNER))


def test_no_page_of_an_owner_writes_a_time_in_another_way(sample: SampleBusiness) -> None:
    owner = owner_of(sample.business)
    wrong = {}
    for address in pages(sample):
        response = owner.get(address)
        if response.status_code != 200:
            continue
        text = " ".join(NOT_READ.sub(" ", response.content.decode()).split())
        if found := OTHER_WAYS.search(text):
            wrong[address] = text[max(0, found.start() - 40) : found.end() + 40]
        if text.count("time zone America/Los_Angeles") != 1 and "/integration/" not in address:
            wrong[address] = "names the zone not once"
    assert not wrong, wrong


def _address(sample: SampleBusiness, model: type[models.Model], page: str) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    row: Any = sample.rows(model).first()
    return reverse(name, args=[row.pk] if page != "changelist" else [])


@pytest.mark.parametrize(
    ("model", "page"),
    [
        (Order, "changelist"),
        (Order, "change"),
        (Visit, "changelist"),
        (Visit, "change"),
        (Customer, "changelist"),
        (Customer, "change"),
        (SendLog, "changelist"),
        (SendLog, "change"),
    ],
)
def test_an_owner_reads_the_business_s_own_time(
    sample: SampleBusiness, model: type[models.Model], page: str
) -> None:
    assert IN_THE_UNITED_STATES in read(owner_of(sample.business), _address(sample, model, page))


def test_history_and_timeline(sample: SampleBusiness, time_machine: TimeMachineFixture) -> None:
    owner = owner_of(sample.business)
    time_machine.move_to(MOMENT, tick=False)
    options = admin.site.get_model_admin(Customer)
    request = HttpRequest()
    request.user = User.objects.get()
    options.log_change(request, sample.customer, "Changed.")
    time_machine.move_to(LOOKED_AT, tick=False)
    assert IN_THE_UNITED_STATES in read(owner, _address(sample, Customer, "history"))
    timeline = read(owner, reverse("admin:customers_customer_timeline", args=[sample.customer.pk]))
    assert "Sunday, November 22, 2026" in timeline
    assert "5:30 PM" in timeline


def test_the_country_decides_the_format(sample: SampleBusiness) -> None:
    Business.objects.update(time_zone="Europe/Berlin", country="DE")
    owner = owner_of(sample.business)
    assert IN_GERMANY in read(owner, _address(sample, Order, "changelist"))
    assert IN_GERMANY in read(owner, _address(sample, SendLog, "change"))


class TestUsersOfSeveralBusinesses:
    @pytest.fixture
    def german(self, sample: SampleBusiness) -> Business:
        customer: Customer = CustomerFactory.create(
            business__time_zone="Europe/Berlin", business__country="DE"
        )
        OrderFactory.create(customer=customer, number="B-1", created_at=MOMENT)
        VisitFactory.create(customer=customer, at=MOMENT)
        return customer.business

    @pytest.mark.parametrize("model", [Order, Visit, SendLog])
    def test_see_the_zone_beside_each_time(
        self, sample: SampleBusiness, german: Business, support: User, model: type[models.Model]
    ) -> None:
        text = read(logged_in(support), _address(sample, model, "changelist"))
        assert f"{IN_THE_UNITED_STATES} America/Los_Angeles" in text
        if model is not SendLog:
            assert f"{IN_GERMANY} Europe/Berlin" in text
        assert "Times on this page" not in text

    def test_an_owner_of_two_is_like_support(
        self, sample: SampleBusiness, german: Business
    ) -> None:
        user = member("olivia", sample.business, Membership.Role.OWNER)
        Membership.objects.create(user=user, business=german, role=Membership.Role.OWNER)
        text = read(logged_in(user), _address(sample, Order, "changelist"))
        assert f"{IN_GERMANY} Europe/Berlin" in text
        assert f"{IN_THE_UNITED_STATES} America/Los_Angeles" in text

    def test_a_page_of_one_record_names_its_zone_once(
        self, german: Business, support: User
    ) -> None:
        order = Order.objects.get(business=german)
        text = read(logged_in(support), f"/admin/customers/order/{order.pk}/change/")
        assert IN_GERMANY in text
        assert text.count("time zone Europe/Berlin") == 1

    def test_no_page_of_support_writes_a_time_in_another_way(
        self, sample: SampleBusiness, support: User
    ) -> None:
        client, wrong = logged_in(support), {}
        for address in pages(sample):
            response = client.get(address)
            if response.status_code == 200:
                text = " ".join(NOT_READ.sub(" ", response.content.decode()).split())
                if found := OTHER_WAYS.search(text):
                    wrong[address] = text[max(0, found.start() - 40) : found.end() + 40]
        assert not wrong, wrong

    def test_a_list_needs_no_query_for_each_row(
        self, german: Business, support: User, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(5):
            OrderFactory.create(created_at=MOMENT)
        client = logged_in(support)
        with django_assert_max_num_queries(8):
            client.get("/admin/customers/order/")


class TestFiltersByDay:
    """22 November holds MOMENT in Los Angeles, and 23 November holds it in Berlin."""

    @pytest.fixture
    def orders(self, db: None) -> dict[str, Order]:
        zones = {"America/Los_Angeles": "US", "Europe/Berlin": "DE"}
        return {
            zone: OrderFactory.create(
                customer__business__time_zone=zone,
                customer__business__country=country,
                created_at=MOMENT,
            )
            for zone, country in zones.items()
        }

    def found(self, user: User, first: str, last: str) -> set[str]:
        days = {"created_at_from": first, "created_at_to": last}
        response = logged_in(user).get("/admin/customers/order/", days)
        return {order.business.time_zone for order in response.context["cl"].result_list}

    def test_each_row_has_its_own_day(self, support: User, orders: dict[str, Order]) -> None:
        assert self.found(support, "2026-11-22", "2026-11-22") == {"America/Los_Angeles"}
        assert self.found(support, "2026-11-23", "2026-11-23") == {"Europe/Berlin"}
        assert self.found(support, "2026-11-22", "2026-11-23") == orders.keys()
        assert self.found(support, "2026-11-24", "") == set()

    def test_an_owner_s_days_are_the_business_s(self, orders: dict[str, Order]) -> None:
        business = orders["America/Los_Angeles"].business
        owner = member("olivia", business, Membership.Role.OWNER)
        assert self.found(owner, "2026-11-22", "2026-11-22") == {"America/Los_Angeles"}
        assert self.found(owner, "2026-11-23", "2026-11-23") == set()

    @pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "9999-12-31"])
    def test_what_is_no_day_is_no_filter(self, support: User, day: str) -> None:
        response = logged_in(support).get("/admin/customers/order/", {"created_at_to": day})
        assert response.status_code == 302

    def test_lists_of_days_are_filtered_too(self, sample: SampleBusiness) -> None:
        owner = owner_of(sample.business)
        for address, parameter in {
            "visit": "day",
            "stop": "scheduled_for",
            "pickuprequest": "pickup_date",
            "regularpickuprequest": "requested_at",
            "customer": "created_at",
            "nightlytext": "pickup_date",
            "incomingtext": "at",
        }.items():
            for year, expected in {"2026": 1, "2031": 0}.items():
                page = owner.get(
                    f"/admin/customers/{address}/", {f"{parameter}_from": f"{year}-01-01"}
                )
                assert len(page.context["cl"].result_list) == expected, address


class EditableStops(StopAdmin):
    """As it would be if the time could be entered."""

    readonly_fields: ClassVar[Any] = ("status",)


class TestEnteredTimes:
    """On the clock of the record's business, also when it is chosen in the same form."""

    @pytest.fixture
    def customer(self, db: None) -> Customer:
        return CustomerFactory.create(business__time_zone="Europe/Berlin", business__country="DE")

    def entered(self, user: User, customer: Customer, day: str, time: str) -> Any:
        values = {
            "business": customer.business_id,
            "customer": customer.pk,
            "scheduled_for": "2026-11-25",
            "completed_at_0": day,
            "completed_at_1": time,
            "total_pickups": 0,
            "total_deliveries": 0,
            "street": "",
        }
        request = RequestFactory().post("/admin/customers/stop/add/", values)
        request.user = user
        request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        options = EditableStops(Stop, admin.site)
        options.message_user = lambda *args, **kwargs: None  # type: ignore[method-assign]
        return options.changeform_view(request)

    @pytest.mark.parametrize(
        ("day", "time"),
        [("2026-11-25", "14:26"), ("25.11.2026", "14:26"), ("25 Nov 2026", "2:26 PM")],
    )
    def test_are_the_chosen_business_s(
        self, support: User, customer: Customer, day: str, time: str
    ) -> None:
        assert self.entered(support, customer, day, time).status_code == 302
        assert Stop.objects.get().completed_at == datetime(2026, 11, 25, 13, 26, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("day", "time", "error"),
        [
            (
                "2026-03-29",
                "02:30",
                "On 29 Mar 2026 the clocks change in Europe/Berlin, and there is no 02:30.",
            ),
            (
                "2026-10-25",
                "02:30",
                "On 25 Oct 2026 the clocks change in Europe/Berlin, and 02:30 comes twice.",
            ),
        ],
    )
    def test_that_the_clock_skips_or_repeats_are_refused_in_words(
        self, support: User, customer: Customer, day: str, time: str, error: str
    ) -> None:
        response = self.entered(support, customer, day, time)
        (message,) = response.context_data["adminform"].form.errors["completed_at"]
        assert message == f"{error} Enter a time at least an hour earlier or later."
        assert not Stop.objects.exists()

    def test_a_day_is_read_in_the_country_s_order(self, customer: Customer) -> None:
        owner = owner_of(customer.business)
        address = "/admin/customers/pickuprequest/add/"
        values: dict[str, Any] = {"business": customer.business_id, "customer": customer.pk}
        values |= {"scheduled_by": "Employee", "pickup_date": "03/04/2099"}
        assert owner.post(address, values).status_code == 302
        assert str(PickupRequest.objects.get().pickup_date) == "2099-04-03"
        Business.objects.update(country="US")
        owner.post(address, values)
        assert str(PickupRequest.objects.latest("pk").pickup_date) == "2099-03-04"


class TestTheZoneIsReset:
    """The next request in this thread begins without one."""

    def assert_none_is_left(self) -> None:
        assert clock_in_use() is None
        assert timezone.get_current_timezone_name() == "UTC"

    def test_after_a_page(self, sample: SampleBusiness) -> None:
        owner_of(sample.business).get("/admin/customers/order/")
        self.assert_none_is_left()

    def test_after_an_error_of_a_view(
        self, sample: SampleBusiness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owner = owner_of(sample.business)
        owner.raise_request_exception = False
        monkeypatch.setattr(ScopedAdmin, "get_queryset", lambda *args: 1 / 0)
        assert owner.get("/admin/customers/order/").status_code == 500
        self.assert_none_is_left()

    def test_while_a_response_is_streamed(self, sample: SampleBusiness) -> None:
        export = Export.objects.filter(business=sample.business).first()
        assert export
        response = owner_of(sample.business).get(
            reverse("admin:smrt_integration_export_download", args=[export.pk])
        )
        self.assert_none_is_left()
        response.close()

    def test_after_a_page_that_does_not_exist(self, sample: SampleBusiness) -> None:
        assert owner_of(sample.business).get("/admin/nowhere/").status_code == 404
        self.assert_none_is_left()

    def test_the_next_user_has_their_own(self, sample: SampleBusiness, support: User) -> None:
        owner_of(sample.business).get("/admin/customers/order/")
        text = read(logged_in(support), "/admin/customers/order/")
        assert "Times on this page" not in text
