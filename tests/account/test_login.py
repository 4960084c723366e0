"""Logging in by link, and who may see which page."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.links import account_link
from customers.models import Customer, PickupRequest
from events.models import Integration, Outgoing
from tests.account.conftest import Page, Visitor, link_to
from tests.factories import (
    BrandFactory,
    CustomerFactory,
    LineItemFactory,
    OrderFactory,
    PickupRequestFactory,
    StopFactory,
)

pytestmark = pytest.mark.django_db

PAGES = ("", "orders", "pickups/new", "regular", "details", "messages")
CLOSED = "We could not open your account"


def test_the_link_redirects_to_a_clean_address_and_sets_a_cookie(customer: Customer) -> None:
    response = Client().get(link_to(customer))

    assert (response.status_code, response["Location"]) == (302, "/account/")
    assert list(response.cookies) == ["account"]
    cookie = response.cookies["account"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/account",
        True,
        "Lax",
        12 * 3600,
    )
    assert cookie["secure"] == "", "over http, as while developing"
    assert response["Referrer-Policy"] == "no-referrer"
    assert link_to(customer).rpartition(".")[2] not in cookie.value


def test_with_https_the_cookie_is_secure(
    customer: Customer, settings: pytest.FixtureRequest
) -> None:
    settings.SESSION_COOKIE_SECURE = True  # type: ignore[attr-defined]
    assert Client().get(link_to(customer)).cookies["account"]["secure"] is True


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_private_and_run_no_script(visitor: Visitor, path: str) -> None:
    response = visitor.http.get(f"/account/{path}")

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; ")
    assert "script-src" not in response["Content-Security-Policy"]
    # With `no-referrer`, browsers would send our forms without an origin. Django refuses those.
    assert response["Referrer-Policy"] == "same-origin"
    text = response.content.decode()
    assert [
        word for word in ("<script", "style=", " onclick", "http://", "https://") if word in text
    ] == []
    assert '<html lang="en">' in text
    assert len(text) < 8_000


def garbled_tokens(token: str) -> list[str]:
    uuid, version, signature = token.split(".")
    other = f"{uuid4().hex}.{version}.{signature}"
    return [
        other,
        f"{uuid}.2.{signature}",
        token[:-1],
        token[:-1] + "%0A",
        token[:-1] + ".",
        token + "x",
        token.upper(),
        uuid,
        f"{uuid}.{version}",
        "x",
        "%00",
        "%FF",
        "%25" * 5_000,
    ]


def test_all_invalid_links_get_the_same_page(
    customer: Customer,
) -> None:
    link = link_to(customer)
    nobody = "/account/" + account_link(uuid4(), 1).rpartition("/")[2]
    paths = [
        link,
        nobody,
        *("/account/" + token for token in garbled_tokens(link.rpartition("/")[2])),
    ]

    responses = [Client().get(path) for path in paths[1:]]
    customer.revoke_links()
    responses.append(Client().get(link))

    assert [response.status_code for response in responses] == [404] * len(paths)
    assert {response.content for response in responses} == {responses[0].content}
    assert {response["Referrer-Policy"] for response in responses} == {"no-referrer"}
    assert [response.cookies for response in responses] == [{}] * len(paths)
    assert CLOSED in Page(responses[0]).words
    assert "ask them for a new link" in Page(responses[0]).words
    assert customer.business.name not in responses[0].content.decode()


@pytest.mark.parametrize(
    "mailed",
    [
        "{}.",
        "{},",
        "{})",
        "{}>",
        "{}%22",
        "{}/",
        "{}%0A",
        "%20{}",
        "{}?utm_source=email",
    ],
)
def test_a_link_works_with_what_mail_programs_add_to_it(customer: Customer, mailed: str) -> None:
    """They add the end of a sentence, for example, or a bracket, or a space."""
    token = link_to(customer).rpartition("/")[2]
    response = Client().get("/account/" + mailed.format(token))
    assert (response.status_code, response["Location"]) == (302, "/account/")


@pytest.mark.parametrize("gap", ["%0D%0A", "%20", "%0A%20%20"])
def test_a_wrapped_link_works(customer: Customer, gap: str) -> None:
    token = link_to(customer).rpartition("/")[2]
    for place in (10, 34, 60):
        assert Client().get(f"/account/{token[:place]}{gap}{token[place:]}").status_code == 302


def test_a_link_with_escaped_dots_works(customer: Customer) -> None:
    for escaped in ("%2E", "%252E"):
        assert Client().get(link_to(customer).replace(".", escaped)).status_code == 302


def test_links_stay_valid_when_the_secret_key_is_replaced(
    customer: Customer, settings: Any
) -> None:
    visitor, link = Visitor(), link_to(customer)
    visitor.open(link)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "the new one, which was made up for this test",
        [settings.SECRET_KEY],
    )

    assert Client().get(link).status_code == 302
    assert visitor.open("/account/").status == 200, "a logged-in customer stays logged in"
    assert link_to(customer) != link
    settings.SECRET_KEY_FALLBACKS = []
    assert Client().get(link).status_code == 404


def test_a_link_fits_into_a_text_message(customer: Customer, settings: Any) -> None:
    """A text of more than 160 characters is charged as two."""
    settings.PUBLIC_URL = "https://smrt.example.com"
    assert len(account_link(customer.uuid, 99)) <= 120


@pytest.mark.parametrize("path", [*PAGES, "pickups/3ce2daa5-6a29-4989-98f8-c71e0d1b4d13/cancel"])
def test_no_page_opens_without_a_link(stranger: Visitor, path: str) -> None:
    page = stranger.open(f"/account/{path}")
    assert (page.status, CLOSED in page.words) == (404, True)


def test_revoking_the_links_logs_the_customer_out(visitor: Visitor, customer: Customer) -> None:
    tab = visitor.open("/account/pickups/new")
    customer.revoke_links()

    page = visitor.send(
        tab, tab.form(with_field="pickup_date"), pickup_date=customer.business.today().isoformat()
    )

    assert (page.status, CLOSED in page.words) == (404, True)
    assert not PickupRequest.objects.exists()
    customer.refresh_from_db()
    assert visitor.log_in(customer).status == 200, "by the new link"


def test_a_customer_is_logged_out_after_half_a_day(visitor: Visitor) -> None:
    for hours, status in ((11, 200), (13, 404)):
        with time_machine.travel(timezone.now() + timedelta(hours=hours)):
            visitor.http.cookies["account"]["expires"] = ""
            assert visitor.open("/account/").status == status


def test_a_forged_cookie_opens_nothing(stranger: Visitor, customer: Customer) -> None:
    for value in ("", "x", f"{customer.uuid.hex}.1", link_to(customer).rpartition("/")[2]):
        stranger.http.cookies["account"] = value
        assert stranger.open("/account/").status == 404


def test_a_customer_can_log_out(visitor: Visitor) -> None:
    page = visitor.open("/account/")
    leave = next(form for form in page.forms if form["action"] == "/account/leave")

    assert "You are logged out" in visitor.send(page, leave).words
    assert visitor.open("/account/").status == 404


def test_the_admin_s_login_and_the_customer_s_are_separate(
    visitor: Visitor, customer: Customer
) -> None:
    """An owner who opens a customer's link stays an owner in the admin.

    A customer is not logged in to the admin.
    """
    assert visitor.http.get("/admin/").status_code == 302
    visitor.http.force_login(User.objects.create_superuser("olivia"))

    assert visitor.http.get("/admin/").status_code == 200
    assert f"Hello, {customer}" in visitor.open("/account/").words
    assert (
        visitor.http.post(
            "/admin/logout/", {"csrfmiddlewaretoken": visitor.http.cookies["csrftoken"].value}
        ).status_code
        == 200
    )
    assert visitor.http.get("/admin/").status_code == 302
    assert f"Hello, {customer}" in visitor.open("/account/").words


def paths_opened_by_a_scanner(http: Client, start: str) -> set[str]:
    """Open every link and form target, as link scanners of mail programs do."""
    opened: set[str] = set()
    to_open = [start]
    while to_open:
        path = to_open.pop()
        if path in opened or path.startswith("/static/"):
            continue
        opened.add(path)
        http.head(path, follow=True)
        page = Page(http.get(path, follow=True))
        targets = [*page.links, *(form["action"] for form in page.forms)]
        to_open += [target for target in targets if target and not urlsplit(target).fragment]
    return opened


def test_a_scanner_that_opens_every_link_changes_nothing(
    customer: Customer, integration: Integration
) -> None:
    pickup = PickupRequestFactory.create(customer=customer)
    LineItemFactory.create(order=OrderFactory.create(customer=customer, business=customer.business))
    Outgoing.objects.all().delete()

    with CaptureQueriesContext(connection) as queries:
        opened = paths_opened_by_a_scanner(Client(), link_to(customer))

    assert {
        f"/account/{path}" for path in (*PAGES, f"pickups/{pickup.uuid}/cancel", "leave")
    } <= opened
    assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
    assert Outgoing.objects.count() == 0


def test_the_link_itself_takes_no_post(customer: Customer) -> None:
    response = Client().post(link_to(customer))
    assert (response.status_code, response.cookies) == (405, {})


def test_a_form_without_our_token_changes_nothing(visitor: Visitor, customer: Customer) -> None:
    pickup = PickupRequestFactory.create(customer=customer)

    response = visitor.http.post(
        f"/account/pickups/{pickup.uuid}/cancel", {"account": customer.uuid.hex}
    )

    assert response.status_code == 403
    assert "Nothing was changed" in Page(response).words
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    pickup.refresh_from_db()
    assert pickup.status == "scheduled"


def test_other_paths_get_django_s_own_csrf_page(db: None) -> None:
    assert (
        b"CSRF verification failed"
        in Client(enforce_csrf_checks=True).post("/admin/login/").content
    )


def test_a_form_of_another_account_in_the_same_browser_changes_neither(
    visitor: Visitor, customer: Customer
) -> None:
    tab = visitor.open("/account/details")
    spouse = CustomerFactory.create(business=customer.business, first_name="Bea")
    visitor.log_in(spouse)

    page = visitor.send(tab, tab.form(with_field="first_name"), first_name="Changed")

    assert (page.status, "This is now the account of Bea Example" in page.words) == (409, True)
    assert not Customer.objects.filter(first_name="Changed").exists()


def test_the_page_shows_the_brand_s_name_or_else_the_business_s(
    visitor: Visitor, customer: Customer
) -> None:
    assert visitor.open("/account/").title == f"Your account - {customer.business}"
    customer.brand = BrandFactory.create(business=customer.business, name="Marin Wedding Care")
    customer.save()
    assert visitor.open("/account/").title == "Your account - Marin Wedding Care"


@pytest.mark.parametrize(
    ("path", "queries"),
    [("", 5), ("orders", 3), ("details", 1), ("messages", 1), ("pickups/new", 1), ("regular", 2)],
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    visitor: Visitor, customer: Customer, path: str, queries: int
) -> None:
    for _ in range(2):
        for days in range(3):
            LineItemFactory.create(order=OrderFactory.create(customer=customer))
            PickupRequestFactory.create(
                customer=customer,
                pickup_date=customer.business.today() + timedelta(days=days, weeks=_),
            )
            StopFactory.create(customer=customer, business=customer.business)
        with CaptureQueriesContext(connection) as captured:
            assert visitor.open(f"/account/{path}").status == 200
        assert len(captured) == queries
