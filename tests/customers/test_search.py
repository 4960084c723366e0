"""People and orders are found however they are written."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import search
from customers.models import Business, Customer
from tests.factories import BusinessFactory, CustomerFactory, OrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann(business: Business) -> Customer:
    """A customer, among others who differ from her in everything."""
    CustomerFactory.create_batch(
        2, business=business, first_name="Bob", last_name="Brown", email="", phone="+14156015610"
    )
    return CustomerFactory.create(
        business=business,
        first_name="Ánn",
        last_name="O\u2019Núñez-Smith",
        email="Ann.Nunez@example.com",
        phone="+14155550123",
    )


def found(typed: str, *businesses: Business) -> tuple[int, ...]:
    return search.find_customers(typed, [business.pk for business in businesses]).ids


@pytest.mark.parametrize(
    "typed",
    [
        *("ann", "ANN", "Ánn", "A\u0301nn", "  ann  ", "o'nunez", "ONUNEZ", "O\u2019NÚÑEZ-S"),
        *("ann onunez smith", "Ann O'Nu", "onunez-smith, ann", "O'NUN an", "onunez smith ann"),
        *("ann.nunez@example.com", "ANN.NUNEZ@EX", "ann.nunez"),
        *("(415) 555-0123", "4155550123", "+1 415 555 0123", "415.555.0123", "+14155550123"),
        *("0123", "555-0123", "1-415-555-0123", "415\u2011555\u20110123", "(415) 555-0123 x12"),
        *(
            "011 1 415 555 0123",
            "\uff14\uff11\uff15 \uff15\uff15\uff15 \uff10\uff11\uff12\uff13",
            "(415)555-0123 ext. 7",
        ),
    ],
)
def test_a_person(ann: Customer, typed: str) -> None:
    assert found(typed, ann.business) == (ann.pk,)


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            " ",
            "%",
            "_",
            "\\",
            "%%",
            "'",
            '"',
            "#",
            ".",
            "-",
            "()",
            "*",
            "\0",
            "\ud800",
            "\uffff",
        ),
        *(
            "nn",
            "smith",
            "nunez ann x",
            "123",
            "012",
            "9123",
            "0123 5",
            "😀",
            "x" * 5_000,
            "9" * 5_000,
        ),
        *("ann ann", "' OR 1=1 --", "nunez@example", "00000000-0000-0000-0000-000000000000"),
    ],
)
def test_what_nobody_is_called(ann: Customer, typed: str) -> None:
    assert found(typed, ann.business) == ()


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("Núñez", "Nunez"),
        ("NUÑEZ", "nuñez"),
        ("Nun\u0303ez", "NÚÑEZ"),
        ("Straße", "strasse"),
        ("Strasse", "STRAßE"),
        ("Łukasz", "lukasz"),
        ("Ødegaard", "odegaard"),
        ("Ilhan", "\u0131lhan"),
        ("İlhan", "ilhan"),
        ("Ёлкина", "елкина"),
        ("Δέλτα", "ΔΕΛ"),
        ("St. John", "st john"),
        ("50%_off\\", "50%_OFF\\"),
        ("Van  der Berg", "van der"),
    ],
)
@pytest.mark.parametrize("column", ["first_name", "last_name", "company_name"])
def test_a_name_in_another_spelling(
    business: Business, column: str, stored: str, typed: str
) -> None:
    customer = CustomerFactory.create(business=business)
    Customer.objects.filter(pk=customer.pk).update(**{column: stored})
    assert found(typed, business) == (customer.pk,)


@pytest.mark.parametrize(
    ("country", "phone", "typed"),
    [
        ("DE", "+491701234567", "0170 1234567"),
        ("DE", "+491701234567", "0170/123 45 67"),
        ("DE", "+491701234567", "+49 (0)170 1234567"),
        ("DE", "+491701234567", "0049 170 1234567"),
        ("IT", "+390612345678", "06 1234 5678"),
        ("GB", "+442079460958", "020 7946 0958"),
        ("FR", "+33123456789", "01 23 45 67 89"),
        ("US", "+442079460958", "+44 20 7946 0958"),
    ],
)
def test_a_phone_as_it_is_dialed(country: str, phone: str, typed: str) -> None:
    business = BusinessFactory.create(country=country)
    customer = CustomerFactory.create(business=business, phone=phone)
    CustomerFactory.create(business=business, phone="")
    assert found(typed, business) == (customer.pk,)


def test_a_customer_by_the_id(ann: Customer) -> None:
    assert found(str(ann.uuid), ann.business) == (ann.pk,)
    assert found(ann.uuid.hex.upper(), ann.business) == (ann.pk,)


def test_nobody_of_another_business(ann: Customer) -> None:
    stranger = CustomerFactory.create(
        first_name="Ánn", phone=ann.phone, email=ann.email, business=BusinessFactory.create()
    )
    for typed in ("ann", "0123", "ann.nunez", str(stranger.uuid)):
        assert stranger.pk not in found(typed, ann.business)
        assert found(typed) == ()
    assert set(search.find_customers("0123", None).ids) == {ann.pk, stranger.pk}
    assert set(found("ann", ann.business, stranger.business)) == {ann.pk, stranger.pk}


def test_whole_names_come_before_longer_ones_and_more_is_told(business: Business) -> None:
    CustomerFactory.create_batch(3, business=business, first_name="A", last_name="Lindqvist")
    li = CustomerFactory.create(business=business, first_name="B", last_name="Li")
    CustomerFactory.create_batch(3, business=business, first_name="C", last_name="Lindqvist")
    result = search.find_customers("li", [business.pk], most=7)
    assert (len(result.ids), result.more) == (7, False)
    result = search.find_customers("li", [business.pk], most=1)
    assert result.more
    assert li.pk in search.find_customers("li", [business.pk], most=4).ids


@pytest.mark.parametrize("typed", ["A-1042", "a-1042", "#A-1042", " # a 1042", "A-10", "\u0410"])
def test_an_order_by_its_number(ann: Customer, typed: str) -> None:
    OrderFactory.create(customer=ann, number="B-1042")
    order = OrderFactory.create(customer=ann, number="A-1042")
    OrderFactory.create(number="A-1042")
    expected = () if typed in {"A-10", "\u0410"} else (order.pk,)
    assert search.find_orders(typed, [ann.business_id]).ids == expected


def test_an_order_by_the_beginning_of_its_number(ann: Customer) -> None:
    orders = OrderFactory.create_batch(2, customer=ann)
    for order, number in zip(orders, ("#10423", "10424"), strict=True):
        type(order).objects.filter(pk=order.pk).update(number=number)
    assert len(search.find_orders("1042", [ann.business_id]).ids) == 2
    assert search.find_orders("1042", [ann.business_id], whole_number=True).ids == ()
    assert search.find_orders("10423", [ann.business_id], whole_number=True).ids == (orders[0].pk,)


@pytest.mark.parametrize(
    ("typed", "indexes"),
    [
        ("ann sm", {"last", "first", "firm", "email"}),
        ("0123", {"last", "first", "firm", "email", "phone"}),
        ("(415) 555-0123", {"last", "first", "firm", "email", "phone"}),
    ],
)
def test_every_look_for_a_customer_uses_an_index(
    ann: Customer, typed: str, indexes: set[str]
) -> None:
    Customer.objects.bulk_create(
        Customer(
            business=ann.business,
            first_name=f"{number % 89} Bob",
            last_name=f"{number * 7919 % 3001} Lee",
            company_name=f"{number * 104729 % 3001} Inc.",
            email=f"{number * 1299709 % 3001}@example.com",
            phone=f"+1415{number * 15485863 % 10_000_000:07}",
        )
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as captured:
        # The tables of a test are so small that reading them whole is quicker.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        search.find_customers(typed, [ann.business_id])
        cursor.execute("EXPLAIN " + captured.captured_queries[-1]["sql"])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    used = re.findall(r"Index Scan using customer_(?:found_by|search)_(\w+)", plan)
    assert set(used) == indexes
    # in the order of the index
    assert "Sort Key: (btrim" not in plan
    assert "Seq Scan on customers_customer" not in plan
