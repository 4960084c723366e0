"""What an import writes: the customers of a file, as if their business had recorded them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Business, Consent, Customer, CustomFieldValue, Visit
from events.jobs.past_events import PastKey, Span, find_past
from events.models import Celebration, Lapse, Outgoing
from events.sweeps import birthdays, lost
from smrt_integration.imports import next_chunk
from smrt_integration.imports.control import import_after_dry_run
from smrt_integration.imports.results import preview_lines, refused_lines_csv
from smrt_integration.imports.run_imports import run_imports
from tests.events.known_customers import create_business, store_accepted_traits
from tests.factories import (
    BrandFactory,
    BusinessFactory,
    CustomerFactory,
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
)
from tests.imports.run import figures, import_file, outcomes

pytestmark = pytest.mark.django_db


def row(customer: Customer, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    values = Customer.objects.values().get(pk=customer.pk)
    return {name: value for name, value in values.items() if name not in without}


def test_a_line_is_a_customer_as_if_the_till_had_saved_one() -> None:
    business: Business = BusinessFactory.create(time_zone="America/Los_Angeles", country="US")
    brand = BrandFactory.create(business=business, name="Green")
    discount = DiscountFactory.create(business=business, name="Staff")
    CustomFieldFactory.create(business=business, name="Birthday", kind="DATE")

    done = import_file(
        business,
        "Customer ID,First name,Last name,E-mail,Phone,Street,City,ZIP,Country,Signed up,"
        "Last visit,Frequency,Brand,Discount,DOB,SMS,Shoe size\n"
        "A-7,Ada,Lovelace,ada@example.com,(415) 601-5610 Ann's cell,1 Main St,Reno,89501,"
        'United States,3/2/2019,"Mar 4, 2019 5:30 PM",Bi weekly,green,STAFF,12/10/1985,no,9\n',
    )

    assert figures(done) == {"state": "finished", "lines": 1, "created": 1}
    assert outcomes(done) == [(2, "created", "Ada Lovelace")]
    customer = Customer.objects.get(business=business)
    saved = Customer(
        business=business,
        first_name="Ada",
        last_name="Lovelace",
        email="ada@example.com",
        phone="(415) 601-5610 Ann's cell",
        street="1 Main St",
        city="Reno",
        postal_code="89501",
        country="US",
        created_at=datetime(2019, 3, 2, 8, tzinfo=UTC),
        last_visit=datetime(2019, 3, 5, 1, 30, tzinfo=UTC),
        visit_frequency="bi-weekly",
        brand=brand,
        discount=discount,
        receive_texts=False,
    )
    saved.save()
    own = frozenset({"id", "uuid", "external_id"})
    assert row(customer, without=own) == row(saved, without=own)
    assert (customer.external_id, saved.phone_note) == ("A-7", "Ann's cell")
    assert CustomFieldValue.objects.get(customer=customer).value == "1985-12-10"
    assert list(Visit.objects.values_list("customer", "visit_type", "at")) == [
        (customer.pk, "Signup", customer.created_at)
    ]


def test_a_repeated_file_changes_nothing() -> None:
    business = create_business()
    CustomFieldFactory.create(business=business, name="Size")
    content = (
        "id,first name,phone,size,emails,consent given by,consent given at,consent how\n"
        '1,"Zoë\nMarie",415-601-5610 x3,9,yes,Zoë,2026-01-02,asked\n'
        '2,="Bob",+44 20 7946 0958,,,,,\n'
    )

    first = import_file(business, content)
    before = [row(customer) for customer in Customer.objects.order_by("pk")]
    again = import_file(business, content)

    assert figures(first) == {"state": "finished", "lines": 2, "created": 2}
    assert figures(again) == {"state": "finished", "lines": 2, "unchanged": 2}
    assert [row(customer) for customer in Customer.objects.order_by("pk")] == before
    assert [value["first_name"] for value in before] == ["Zoë\nMarie", "Bob"]
    assert Consent.objects.count() == 1
    assert not Outgoing.objects.exists()
    assert outcomes(again) == [(2, "unchanged", ""), (4, "unchanged", "")]


def test_only_what_a_line_brings_is_changed_and_segment_hears_of_known_customers() -> None:
    business = create_business()
    field = CustomFieldFactory.create(business=business, name="Size")
    known: Customer = CustomerFactory.create(
        business=business,
        external_id="1",
        first_name="Ada",
        email="ada@example.com",
        phone="+14156015610",
        phone_note="home",
        phone_is_mobile=True,
    )
    unknown: Customer = CustomerFactory.create(business=business, external_id="2", phone="")
    same: Customer = CustomerFactory.create(
        business=business, external_id="3", phone="+525512345678", phone_note="cell"
    )
    sized: Customer = CustomerFactory.create(business=business, external_id="4")
    CustomFieldValueFactory.create(customer=sized, field=field, value="8")
    store_accepted_traits(known, same, sized)
    before = row(same)
    Outgoing.objects.all().delete()

    done = import_file(
        business,
        "id,email,phone,size\n"
        "1,,415 601 5611,\n"
        "2,bob@example.com,,\n"
        "3,,+521 55 1234 5678,\n"
        "4,,,9\n",
    )

    assert figures(done) == {"state": "finished", "lines": 4, "updated": 3, "unchanged": 1}
    known.refresh_from_db()
    assert (known.first_name, known.email) == ("Ada", "ada@example.com")
    # what was known about the old number no longer counts
    assert (known.phone, known.phone_note, known.phone_is_mobile) == ("+14156015611", "", None)
    unknown.refresh_from_db()
    assert unknown.email == "bob@example.com"
    assert row(same) == before
    assert {(o.event, o.customer_id, o.is_bulk) for o in Outgoing.objects.all()} == {
        ("identify", known.pk, True),
        ("identify", sized.pk, True),
    }
    assert outcomes(done)[0] == (2, "updated", "Ada Example: phone, phone note, phone is mobile.")


class TestOptOuts:
    @pytest.fixture
    def customer(self) -> Customer:
        customer: Customer = CustomerFactory.create(external_id="1", first_name="Ada", phone="")
        customer.save(update_fields=customer.choose("receive_texts", wanted=False))
        return customer

    def test_who_opted_out_stays_off_and_the_rest_of_the_line_counts(
        self, customer: Customer
    ) -> None:
        done = import_file(customer.business, "id,texts,city\n1,yes,Reno\n")

        customer.refresh_from_db()
        assert (customer.receive_texts, customer.city) == (False, "Reno")
        assert customer.texts_opted_out_at is not None
        [(_, outcome, reason)] = outcomes(done)
        assert outcome == "updated"
        assert "city. Texts stay off: the customer turned them off." in reason

    def test_with_their_consent_it_is_on_and_the_consent_kept(self, customer: Customer) -> None:
        given_at = timezone.now()
        content = (
            "id,texts,consent given by,consent date,consent how\n"
            f"1,yes,Ada,{given_at.isoformat()},asked\n"
        )

        done = import_file(customer.business, content)

        customer.refresh_from_db()
        assert (customer.receive_texts, customer.texts_opted_out_at) == (True, None)
        consent = Consent.objects.get()
        assert (consent.choices, consent.given_by, consent.how) == (
            ["receive_texts"],
            "Ada",
            "asked",
        )
        assert consent.recorded_by == "Import of old.csv"
        assert figures(done) == {"state": "finished", "lines": 1, "updated": 1}

    @pytest.mark.parametrize(
        ("cells", "sentence"),
        [
            ("yes,Ada,2020-01-02,asked", "The customer turned this off after that time."),
            ("yes,Ada,,asked", "A consent needs who gave it, when and how"),
            ("no,Ada,2020-01-02,asked", "A consent belongs to receive_emails or receive_texts"),
        ],
    )
    def test_a_consent_that_does_not_count_refuses_the_line(
        self, customer: Customer, cells: str, sentence: str
    ) -> None:
        content = f"id,texts,consent given by,consent date,consent how\n1,{cells}\n"
        before = row(customer)

        done = import_file(customer.business, content)

        assert sentence in outcomes(done)[0][2]
        assert row(customer) == before
        assert not Consent.objects.exists()


def test_what_was_due_before_is_not_told_and_what_comes_later_is() -> None:
    now = timezone.now()
    business = create_business(birthday_hour=0)
    integration = business.integration
    field = CustomFieldFactory.create(business=business, name="Birthday", kind="DATE")
    integration.birthday_field = field
    integration.save()
    long_ago, lately = now - timedelta(days=400), now - timedelta(days=91)
    today = business.today(now)

    import_file(
        business,
        "id,first name,last visit,birthday\n"
        f"1,Lost,{long_ago:%Y-%m-%d},{today:1980-%m-%d}\n"
        f"2,Soon,{lately:%Y-%m-%d},{today + timedelta(days=1):1980-%m-%d}\n",
    )
    lost.sweep(now)
    birthdays.sweep(now)

    assert not Outgoing.objects.exists()
    assert [lapse.customer.first_name for lapse in Lapse.objects.all()] == ["Lost"]
    assert [it.customer.first_name for it in Celebration.objects.all()] == ["Lost"]
    lost.sweep(now + timedelta(days=4))
    birthdays.sweep(now + timedelta(days=1))
    assert {o.event for o in Outgoing.objects.exclude(event="identify")} == {
        "Customer Lost",
        "Customer Birthday",
    }
    assert {o.customer.first_name for o in Outgoing.objects.all()} == {"Soon"}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_chunk, "IMPORT_CHUNK_LINES", 2)


@pytest.mark.usefixtures("small_chunks")
def test_probable_duplicates_are_noted_and_not_merged_also_in_a_dry_run() -> None:
    business: Business = BusinessFactory.create()
    CustomerFactory.create(
        business=business, first_name="Old", last_name="Ada", email="Ada@Example.com", phone=""
    )
    CustomerFactory.create(email="eve@example.com")
    content = (
        "id,first name,phone,email\n"
        "1,Ada,,ada@example.com\n"
        "2,Bob,415-601-5610,\n"
        "3,Barbara,(415) 601 5610,\n"
        "4,Bill,4156015610,\n"
        "5,Eve,,eve@example.com\n"
        "6,Al,,al@example.com\n"
        "7,Alan,,AL@example.com\n"
    )

    dry = import_file(business, content, dry_run=True)
    after_dry = Customer.objects.filter(business=business).count()
    done = import_after_dry_run(dry)
    run_imports()
    done.refresh_from_db()

    def duplicates(customer_import: Any) -> dict[int, str]:
        lines = preview_lines(customer_import, only_duplicates=True)
        return {line.number: line.duplicate_of for line in lines}

    assert after_dry == 1
    assert duplicates(dry) == {
        2: "Same email as Old Ada",
        4: "Same phone as line 3",
        5: "Same phone as line 3",
        8: "Same email as line 7",
    }
    assert duplicates(done) == {
        2: "Same email as Old Ada",
        4: "Same phone as Bob (external ID 2)",
        5: "Same phone as Bob (external ID 2)",
        8: "Same email as Al (external ID 6)",
    }
    assert (
        figures(dry)
        == figures(done)
        == {"state": "finished", "lines": 7, "created": 7, "probable_duplicates": 4}
    )
    assert Customer.objects.filter(business=business).count() == 8


@pytest.mark.usefixtures("small_chunks")
def test_bad_lines_are_refused_by_their_reason_and_the_others_imported() -> None:
    business: Business = BusinessFactory.create(country="DE", time_zone="Europe/Berlin")
    long_line = "x" * 10_000_000
    content = (
        "id;Name;Phone;Birthday;Last visit;Brand;Kind;Emails\n"
        "1;Ada;;;;;;\n"
        "1;Twice;;;;;;\n"
        ";Nobody;;;;;;\n"
        "3;Bad;12;;;;;\n"
        "4;Bad;4,15602E+09;;;;;\n"
        "5;Late;;;27.03.2126;;;\n"
        "6;Odd;;;03/27/2026;Grün;VIP;perhaps\n"
        f"7;{long_line};;;;;;\n"
        "8;Few\n"
        "9;Many;;;;;;;;more\n"
        '10;"Never closed;;;;;;\n'
        ";;;;;;;\n"
        "\n"
        "11;Zero\0;;;;;;\n"
        "12;;;;;;;\n"
        "13;Zoë;030 901820;;27.03.2026;;;\n"
    )

    done = import_file(
        business,
        content,
        columns={
            "id": "external_id",
            "Name": "last_name",
            "Phone": "phone",
            "Last visit": "last_visit",
            "Brand": "brand",
            "Kind": "kind",
            "Emails": "receive_emails",
        },
    )

    reasons = {number: reason for number, outcome, reason in outcomes(done) if outcome == "refused"}
    expected = {
        3: "Line 2 of this file has the same external ID (1). Keep one of the two lines.",
        4: "The external ID is missing. It says which customer this is.",
        5: "Phone: 12 is not a possible phone number. Correct it or leave it empty.",
        6: 'Phone: "4,15602E+09": A spreadsheet has shortened this number.',
        7: 'Last visit: "27.03.2126" is in the future. Dates are read as 2026-03-27 or 27/03/2026.',
        8: 'Last visit: "03/27/2026" is not a date. Write it as 2026-03-27 or 27/03/2026. Brand: '
        'There is no brand "Grün". Add it on its page first, or correct the name. Kind: "VIP" is '
        'none of: REGULAR, CORPORATE. Emails: "perhaps" is neither yes nor no.',
        9: "This line is longer than 1,000,000 bytes.",
        10: "This line has 2 cells, but there are 8 headings.",
        11: "This line has 10 cells, but there are 8 headings.",
        12: 'A quotation mark (") is opened in this line and not closed.',
        15: "Name: This text has U+0000 in it, which is not a character. Remove it and try again.",
        16: "Give at least one of: first name, last name, company, email address, phone number.",
    }
    assert reasons.keys() == expected.keys()
    for number, sentence in expected.items():
        assert reasons[number].startswith(sentence), number
    created = Customer.objects.filter(business=business).order_by("id")
    assert [(c.external_id, c.last_name, c.phone) for c in created] == [
        ("1", "Ada", ""),
        ("13", "Zoë", "+4930901820"),
    ]
    assert created[1].last_visit == datetime(2026, 3, 26, 23, tzinfo=UTC)
    assert figures(done) == {"state": "finished", "lines": 14, "created": 2, "refused": 12}

    file = "".join(refused_lines_csv(done))
    assert file.startswith("\ufeffLine number,Why it was refused,id,Name,Phone,Birthday,")
    assert "\r\n5,Phone: 12 is not a possible phone number" in file
    assert ",3,Bad,12,,,,,\r\n" in file
    assert len(file) < 12 * 2_500


def test_ndjson_is_imported_with_the_names_of_the_api() -> None:
    business: Business = BusinessFactory.create()
    CustomFieldFactory.create(business=business, name="Size")
    lines: list[Any] = [
        {
            "external_id": 1,
            "first_name": "Ada",
            "address": {"city": "Reno", "country": None},
            "card_on_file": True,
            "custom_fields": {"Size": 9},
        },
        {
            "external_id": "2",
            "first_name": "Bob",
            "custom_fields": [{"name": "Size", "value": "8"}],
        },
        {"external_id": "3", "first_name": "Cy", "nickname": "C"},
        {"external_id": "4", "first_name": ["D"]},
        ["5"],
    ]
    content = "\n".join(map(json.dumps, lines)) + '\n{"external_id": "6"'

    done = import_file(business, content, "ndjson")

    assert figures(done) == {"state": "finished", "lines": 6, "created": 3, "refused": 3}
    assert [line[2] for line in outcomes(done)[3:]] == [
        "first_name is a list or an object. Write a text, a number or null.",
        "This line is not a JSON object. Write one customer as an object in each line.",
        "This line is not a JSON object. Write one customer as an object in each line.",
    ]
    ada, bob = Customer.objects.order_by("id")[:2]
    assert (ada.city, ada.card_on_file, ada.country) == ("Reno", True, "")
    assert list(CustomFieldValue.objects.order_by("id").values_list("value", flat=True)) == [
        "9",
        "8",
    ]
    assert bob.external_id == "2"


def test_a_name_that_first_occurs_late_is_read_or_refused() -> None:
    lines = [{"external_id": str(number), "first_name": "A"} for number in range(201)]
    late: Iterator[dict[str, str]] = iter(
        [
            {"external_id": "a", "last_name": "Late"},
            {"external_id": "b", "first_name": "B", "nickname": "Bee"},
        ]
    )
    content = "\n".join(map(json.dumps, [*lines, *late]))

    done = import_file(BusinessFactory.create(), content, "ndjson")

    assert figures(done) == {"state": "finished", "lines": 203, "created": 202, "refused": 1}
    assert Customer.objects.get(external_id="a").last_name == "Late"
    assert outcomes(done)[-1][2].startswith("nickname: There is no such field.")


def test_another_business_is_neither_read_nor_changed() -> None:
    other: Customer = CustomerFactory.create(external_id="1", phone="+14156015610")
    BrandFactory.create(business=other.business, name="Green")
    before = row(other)

    done = import_file(
        BusinessFactory.create(country="US"),
        "id,first name,phone,brand\n1,Ada,415-601-5610,\n2,B,,Green\n",
    )

    assert figures(done) == {"state": "finished", "lines": 2, "created": 1, "refused": 1}
    assert 'There is no brand "Green"' in outcomes(done)[1][2]
    assert row(other) == before


def test_a_backfill_tells_no_signup_whose_day_the_file_did_not_say() -> None:
    """It would start a welcome campaign for everybody who was imported."""
    business = create_business()
    signed_up = timezone.localdate() - timedelta(days=3)
    import_file(
        business,
        "external_id,first_name,created_at,last_visit\n"
        f"A-1,Ada,{signed_up},\n"
        f"A-2,Ben,,{signed_up}\n"
        "A-3,Cleo,,\n",
    )
    now = timezone.now()
    span = Span(now - timedelta(days=30), now + timedelta(minutes=1), ("New Customer Signup",))
    customers = list(Customer.objects.order_by("pk"))

    found = find_past([c.pk for c in customers], span, PastKey(0, span.since, 0, 0), 10)

    assert [key.customer_id for key in found] == [customers[0].pk]
