"""New customers sign up on the website."""

import threading
from typing import Any
from uuid import uuid4

import pytest
import redis
from django.db import connection, connections
from django.test import Client

from customers.account import signup_limit
from customers.models import Business, Customer
from tests.account.conftest import DeliveredProperties, Page, Visitor, link_to
from tests.factories import BrandFactory, BusinessFactory

pytestmark = pytest.mark.django_db

BEA = {"first_name": "Bea", "last_name": "Sample", "email": "bea@example.com"}


def sign_up(visitor: Visitor, business: Business, query: str = "", **values: str) -> Page:
    page = visitor.open(f"/join/{business.uuid}{query}")
    form = page.form(with_field="first_name")
    return visitor.send(page, form | {"action": page.path + query}, **BEA | values)


def test_a_new_customer_reaches_segment_and_sees_their_account(
    stranger: Visitor, business: Business, delivered: DeliveredProperties
) -> None:
    page = sign_up(stranger, business, phone="415 555 0177", street="1 New Road", city="Oakland")

    assert page.path == "/account/"
    assert "Welcome, Bea Sample. This is your account." in page.words
    assert delivered("New Customer Signup") == [{"source": "Website"}]
    assert delivered("Customer Visit") == [{"visit_type": "Signup"}]
    bea = Customer.objects.get(first_name="Bea")
    assert (bea.business, bea.phone, bea.city, bea.country, bea.brand) == (
        business,
        "+14155550177",
        "Oakland",
        "US",
        None,
    )
    assert (
        stranger.fill_in("/account/pickups/new", pickup_date=business.today().isoformat()).status
        == 200
    )
    assert bea.pickup_requests.count() == 1


def test_a_new_customer_gets_emails_and_texts_only_if_they_choose_them(
    stranger: Visitor, business: Business
) -> None:
    sign_up(stranger, business)
    sign_up(Visitor(), business, first_name="Cy", receive_texts="on")

    choices = {
        customer.first_name: (customer.receive_emails, customer.receive_texts)
        for customer in Customer.objects.all()
    }
    assert (choices["Bea"], choices["Cy"]) == ((False, False), (False, True))


def test_a_customer_who_signs_up_on_a_brand_s_website_gets_the_brand(
    stranger: Visitor, business: Business
) -> None:
    brand = BrandFactory.create(business=business, name="Marin Wedding Care")

    assert (
        "Become a customer of Marin Wedding Care"
        in stranger.open(f"/join/{business.uuid}?brand={brand.uuid}").words
    )
    assert (
        sign_up(stranger, business, f"?brand={brand.uuid}").title
        == "Your account - Marin Wedding Care"
    )
    assert Customer.objects.get(first_name="Bea").brand == brand


def test_an_unknown_brand_does_not_prevent_a_sign_up(stranger: Visitor, business: Business) -> None:
    for brand in (BrandFactory.create(business=BusinessFactory.create()).uuid, uuid4(), "x"):
        assert (
            sign_up(stranger, business, f"?brand={brand}", first_name=f"Bea {brand}").status == 200
        )

    assert (
        Customer.objects.filter(business=business, brand=None).count()
        == Customer.objects.count()
        == 3
    )


def test_an_unknown_business_is_not_found(stranger: Visitor) -> None:
    page = stranger.open(f"/join/{uuid4()}")
    assert (page.status, "This page does not exist" in page.words) == (404, True)


def test_an_address_that_a_mail_program_garbled_still_works(
    stranger: Visitor, business: Business
) -> None:
    for garbled in (
        f"{business.uuid}.",
        f"{business.uuid})",
        f"{business.uuid}/",
        f"{str(business.uuid)[:20]}%0D%0A{str(business.uuid)[20:]}",
    ):
        page = stranger.open(f"/join/{garbled}")
        assert f"Become a customer of {business}" in page.words
        assert page.status == 200


@pytest.mark.parametrize(
    "cut", ["3ce2daa5-6a29", "x", "%00", "%FF", "3ce2daa5-6a29-4989-98f8-c71e0d1b4d13/more"]
)
def test_an_address_that_was_cut_shows_our_own_page(stranger: Visitor, cut: str) -> None:
    page = stranger.open(f"/join/{cut}")
    assert (page.status, "This page does not exist" in page.words) == (404, True)


def test_knowing_a_customer_s_email_and_phone_opens_only_a_new_account(
    stranger: Visitor, customer: Customer
) -> None:
    customer.orders.create(business=customer.business, number="SECRET1")

    page = sign_up(
        stranger,
        customer.business,
        email=customer.email,
        phone=customer.phone,
        last_name=customer.last_name,
    )

    assert page.path == "/account/"
    assert "SECRET1" not in page.words + stranger.open("/account/orders").words
    assert Customer.objects.filter(email=customer.email).count() == 2
    like_nobody_s = sign_up(
        Visitor(), customer.business, email="nobody@example.com", last_name=customer.last_name
    )
    assert page.words.replace(customer.email, "").replace(
        "(415) 555 " + customer.phone[-4:], "not given"
    ) == like_nobody_s.words.replace("nobody@example.com", "")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"first_name": ""}, "Enter your first name."),
        ({"email": ""}, "Enter your email address or phone number, so that we can reach you."),
        ({"email": "", "phone": "12"}, "12 is not a possible phone number."),
        ({"email": f"{'x' * 250}@example.com"}, "at most 254 characters"),
        (
            {"last_name": "<a href=https://example.com>"},
            "Enter a name without web addresses or < and >.",
        ),
        ({"fax": "12345"}, "Leave the Fax field empty and sign up again."),
    ],
)
def test_an_invalid_form_shows_an_error_and_signs_up_nobody(
    stranger: Visitor, business: Business, values: dict[str, str], error: str
) -> None:
    page = sign_up(stranger, business, **values)

    assert page.path == f"/join/{business.uuid}"
    assert error in page.words
    assert (Customer.objects.count(), "account" in stranger.http.cookies) == (0, False)


def test_a_form_that_is_sent_twice_signs_up_one_customer(
    stranger: Visitor, business: Business
) -> None:
    page = stranger.open(f"/join/{business.uuid}")
    form = page.form(with_field="first_name")

    responses = [stranger.send(page, form, **BEA).path for _ in range(2)]

    assert responses == ["/account/", "/account/"]
    assert Customer.objects.count() == 1
    stranger.send(page, form, **BEA | {"first_name": "Dan"})
    assert [customer.first_name for customer in Customer.objects.order_by("pk")] == [
        "Bea",
        "Dan",
    ], "somebody else, with the same form"


@pytest.mark.django_db(transaction=True)
def test_a_form_that_is_sent_twice_at_once_signs_up_one_customer(business: Business) -> None:
    visitor = Visitor()
    page = visitor.open(f"/join/{business.uuid}")
    form = page.form(with_field="first_name") | BEA
    start = threading.Barrier(4)
    opened: list[str] = []

    def send() -> None:
        http = Client()
        start.wait()
        http.post(page.path, {name: value for name, value in form.items() if name != "action"})
        opened.append(Page(http.get("/account/")).title)
        connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened == [f"Your account - {business}"] * 4
    assert Customer.objects.count() == 1


def test_a_form_opens_no_account_at_another_business(stranger: Visitor, business: Business) -> None:
    page = stranger.open(f"/join/{business.uuid}")
    form = page.form(with_field="first_name")
    other = BusinessFactory.create()

    stranger.send(page, form, **BEA)
    response = stranger.send(page, form | {"action": f"/join/{other.uuid}"}, **BEA)

    assert response.title == f"Your account - {other}"
    assert set(Customer.objects.values_list("business", flat=True)) == {business.pk, other.pk}


def test_a_form_that_is_too_old_still_signs_up(stranger: Visitor, business: Business) -> None:
    page = stranger.open(f"/join/{business.uuid}")

    for values in ("x", ""):
        assert (
            stranger.send(page, page.form(with_field="first_name"), **BEA, form=values).path
            == "/account/"
        )
    assert Customer.objects.count() == 2


def test_one_connection_signs_up_twenty_an_hour(business: Business) -> None:
    for number in range(signup_limit.SIGN_UPS_PER_WINDOW):
        assert (
            sign_up(Visitor("203.0.113.5"), business, first_name=f"Bea {number}").path
            == "/account/"
        )

    page = sign_up(Visitor("203.0.113.5"), business)

    assert (page.status, "Please try again in an hour" in page.words) == (429, True)
    assert Customer.objects.count() == 20
    assert sign_up(Visitor("203.0.113.6"), business).path == "/account/", "another connection"


def test_without_redis_everybody_can_sign_up(
    stranger: Visitor, business: Business, settings: pytest.FixtureRequest
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # type: ignore[attr-defined]

    assert sign_up(stranger, business).path == "/account/"


def test_sign_ups_from_an_unknown_address_are_not_counted(
    business: Business, settings: pytest.FixtureRequest
) -> None:
    """Behind a proxy that names no client, all clients would share one count."""
    assert sign_up(Visitor(""), business).path == "/account/"
    url: Any = settings.REDIS_URL  # type: ignore[attr-defined]
    assert redis.Redis.from_url(url).keys("smrt:joins:*") == []


def test_no_address_is_stored_in_readable_form(
    stranger: Visitor, business: Business, settings: pytest.FixtureRequest
) -> None:
    sign_up(Visitor("203.0.113.5"), business)

    counters = redis.Redis.from_url(settings.REDIS_URL)  # type: ignore[attr-defined]
    (key,) = counters.keys("smrt:joins:*")
    assert b"203.0.113.5" not in key
    assert 0 < counters.ttl(key) <= 3600


def test_all_addresses_of_one_ipv6_network_share_a_limit(
    business: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signup_limit, "SIGN_UPS_PER_WINDOW", 2)
    statuses = [
        sign_up(Visitor(f"2001:db8:1:2::{number}"), business, first_name=f"Bea {number}").status
        for number in range(3)
    ]

    assert statuses == [200, 200, 429]
    assert sign_up(Visitor("2001:db8:1:3::1"), business).path == "/account/", "another network"


def test_a_customer_who_signs_up_again_sees_the_new_account(
    visitor: Visitor, customer: Customer
) -> None:
    sign_up(visitor, customer.business)
    assert "Hello, Bea Sample" in visitor.open("/account/").words


def test_the_page_takes_one_query(stranger: Visitor, business: Business) -> None:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        stranger.open(f"/join/{business.uuid}")
    assert len(queries) == 1


def test_a_link_is_needed_to_return_later(stranger: Visitor, business: Business) -> None:
    sign_up(stranger, business)
    bea = Customer.objects.get()
    assert Visitor().open("/account/").status == 404
    assert Visitor().open(link_to(bea)).status == 200
