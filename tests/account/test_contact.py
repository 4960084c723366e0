"""Customers change their details and choose emails and texts."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from customers.models import Customer
from events.models import Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.account.conftest import Page, Visitor
from tests.customers.contention import WAIT_TIMEOUT_SECONDS, wait_for_waiting
from tests.factories import BusinessFactory, CustomerFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def test_opting_out_of_texts_reaches_segment(
    visitor: Visitor, customer: Customer, integration: object, segment: SegmentStandIn
) -> None:
    page = visitor.fill_in("/account/messages", receive_texts=None)

    assert "Your choice is saved." in page.words
    assert "emails only" in page.words
    Delivery().run()
    (identify,) = [message for message in segment.accepted() if message["type"] == "identify"]
    assert (identify["traits"]["receiveEmails"], identify["traits"]["receiveTexts"]) == (
        True,
        False,
    )


def test_a_tab_left_open_does_not_undo_an_opt_out_by_text(
    visitor: Visitor, customer: Customer
) -> None:
    """The customer replied "Stop" after opening the page. On it they opt out of emails only."""
    tab = visitor.open("/account/messages")
    Customer.objects.filter(pk=customer.pk).update(receive_texts=False)

    page = visitor.send(tab, tab.form(with_field="account"), receive_emails=None)

    assert "Your choice is saved." in page.words
    customer.refresh_from_db()
    assert (customer.receive_emails, customer.receive_texts) == (False, False)


class TestChangedByBoth:
    """The customer changes details that the business changed after the page was opened."""

    def test_the_customer_sees_both_and_chooses(self, visitor: Visitor, customer: Customer) -> None:
        tab = visitor.open("/account/details")
        Customer.objects.filter(pk=customer.pk).update(street="2 New Road", city="Austin")

        page = visitor.send(
            tab, tab.form(with_field="account"), street="3 Old Road", last_name="Sample"
        )

        assert "This was changed while your page was open. Choose which to keep." in page.words
        assert "Keep yours: 3 Old Road" in page.words
        assert "Keep what is stored now: 2 New Road" in page.words
        assert stored(customer) == ("2 New Road", "Austin", "Example")

        again = visitor.send(page, answers(page, None))
        assert "Choose which to keep" in again.words

        done = visitor.send(again, answers(again, "mine"))
        assert "Your details are saved." in done.words
        assert stored(customer) == ("3 Old Road", "Austin", "Sample")

    def test_what_is_stored_can_be_kept(self, visitor: Visitor, customer: Customer) -> None:
        tab = visitor.open("/account/details")
        Customer.objects.filter(pk=customer.pk).update(street="2 New Road")
        page = visitor.send(
            tab, tab.form(with_field="account"), street="3 Old Road", last_name="Sample"
        )
        visitor.send(page, answers(page, "stored"))
        assert stored(customer) == ("2 New Road", customer.city, "Sample")

    def test_a_choice_counts_only_between_the_values_that_were_shown(
        self, visitor: Visitor, customer: Customer
    ) -> None:
        tab = visitor.open("/account/details")
        Customer.objects.filter(pk=customer.pk).update(street="2 New Road")
        page = visitor.send(tab, tab.form(with_field="account"), street="3 Old Road")
        Customer.objects.filter(pk=customer.pk).update(street="4 Newest Road")
        again = visitor.send(page, answers(page, "mine"))
        assert "Keep what is stored now: 4 Newest Road" in again.words
        assert stored(customer)[0] == "4 Newest Road"

    def test_the_same_change_asks_nothing(self, visitor: Visitor, customer: Customer) -> None:
        tab = visitor.open("/account/details")
        Customer.objects.filter(pk=customer.pk).update(street="2 New Road")
        page = visitor.send(tab, tab.form(with_field="account"), street="2 New Road")
        assert "Your details are saved." in page.words


def stored(customer: Customer) -> tuple[str, str, str]:
    customer.refresh_from_db()
    return customer.street, customer.city, customer.last_name


def answers(page: Page, choice: str | None) -> dict[str, str]:
    """Return the page's form with the choice about the street, if any."""
    form = page.form(with_field="account")
    del form["_choice-street"]
    return form if choice is None else form | {"_choice-street": choice}


def test_saving_the_same_values_changes_nothing(visitor: Visitor, integration: object) -> None:
    for path in ("details", "messages"):
        assert visitor.fill_in(f"/account/{path}").path == "/account/"

    assert not Outgoing.objects.exists()


def test_each_detail_can_be_changed(visitor: Visitor, customer: Customer) -> None:
    values = {
        "first_name": "Anne",
        "last_name": "Sample",
        "email": "anne@example.com",
        "street": "1 New Road",
        "city": "Oakland",
    }
    values |= {"state": "California", "postal_code": "94601"}

    page = visitor.fill_in("/account/details", phone="415-555-0177", **values)

    assert "Your details are saved." in page.words
    assert "(415) 555 0177" in page.words
    customer.refresh_from_db()
    assert {field: getattr(customer, field) for field in (*values, "phone")} == values | {
        "phone": "+14155550177"
    }


def test_a_new_phone_number_deletes_the_time_of_the_reply_from_the_old_one(
    visitor: Visitor, customer: Customer
) -> None:
    customer.record_text_reply()
    phone = visitor.open("/account/details").form(with_field="phone")["phone"]

    visitor.fill_in("/account/details", phone=phone.replace(" ", "-"))
    customer.refresh_from_db()
    assert customer.text_answered_at is not None, "the same number, in another format"

    visitor.fill_in("/account/details", phone="(415) 555 0177")
    changed = Customer.objects.get()
    assert (changed.phone, changed.text_answered_at) == ("+14155550177", None)


def test_two_tabs_do_not_undo_each_other(visitor: Visitor, customer: Customer) -> None:
    tabs = [visitor.open("/account/details") for _ in range(2)]

    visitor.send(tabs[0], tabs[0].form(with_field="email"), email="new@example.com")
    visitor.send(tabs[1], tabs[1].form(with_field="email"), street="1 New Road")

    customer.refresh_from_db()
    assert (customer.email, customer.street) == ("new@example.com", "1 New Road")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "values"),
    [("details", {"street": "1 New Road"}), ("messages", {"receive_texts": None})],
)
def test_a_customer_who_was_deleted_meanwhile_gets_a_page_that_says_so(
    path: str, values: dict[str, str | None]
) -> None:
    customer, visitor = CustomerFactory.create(), Visitor()
    visitor.log_in(customer)

    def fill_in() -> Page:
        try:
            return visitor.fill_in(f"/account/{path}", **values)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            Customer.objects.filter(pk=customer.pk).delete()
            future = threads.submit(fill_in)
            wait_for_waiting(1)
        page = future.result(WAIT_TIMEOUT_SECONDS)
    assert (page.status, "This no longer exists." in page.words) == (409, True)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"phone": "12"}, "12 is not a possible phone number. Enter it with its area code."),
        ({"email": "anne"}, "Enter an email address such as name@example.com."),
        ({"email": f"{'x' * 250}@example.com"}, "at most 254 characters"),
        (
            {"first_name": "win at www.example.com"},
            "Enter a name without web addresses or < and >.",
        ),
        ({"street": "x" * 301}, "at most 300 characters"),
        ({"city": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_saved(
    visitor: Visitor, customer: Customer, integration: object, values: dict[str, str], error: str
) -> None:
    page = visitor.fill_in("/account/details", last_name="Changed", **values)

    assert error in page.words
    assert page.form(with_field="last_name")["last_name"] == "Changed", (
        "the form keeps what was typed"
    )
    assert not Customer.objects.filter(last_name="Changed").exists()
    assert not Outgoing.objects.exists()


def test_an_address_without_a_country_gets_the_business_s_country() -> None:
    customer = CustomerFactory.create(
        business=BusinessFactory.create(country="DE", time_zone="Europe/Berlin"), bare=True
    )
    visitor = Visitor()
    visitor.log_in(customer)

    visitor.fill_in(
        "/account/details", street="Beispielweg 1", city="Berlin", phone="030 23125 000"
    )

    customer.refresh_from_db()
    assert (customer.street, customer.country, customer.phone) == (
        "Beispielweg 1",
        "DE",
        "+493023125000",
    )


def test_only_a_company_can_change_a_company_name() -> None:
    company = CustomerFactory.create(corporate=True, company_name="Example Inc.")
    visitor = Visitor()
    assert "Hello, Example Inc." in visitor.log_in(company).words

    visitor.fill_in("/account/details", company_name="Example Ltd.")

    company.refresh_from_db()
    assert company.name == "Example Ltd."
    private = CustomerFactory.create()
    visitor.log_in(private)
    assert "company_name" not in visitor.open("/account/details").form(with_field="email")


def test_what_is_beside_a_number_is_kept_as_a_note(visitor: Visitor, customer: Customer) -> None:
    visitor.fill_in("/account/details", phone="415-555-0177 my work, 415-555-0178 at home")
    customer.refresh_from_db()
    assert (customer.phone, customer.phone_note) == (
        "+14155550177",
        "my work, 415-555-0178 at home",
    )


def test_a_customer_cannot_delete_all_that_tells_who_they_are(
    visitor: Visitor, customer: Customer
) -> None:
    page = visitor.fill_in("/account/details", first_name="", last_name="", email="", phone="")
    assert page.words.count("Give at least one of: first name, last name") == 2
    customer.refresh_from_db()
    assert customer.first_name
