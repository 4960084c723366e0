"""What people enter and leave out: everything arrives as it was entered, and nothing is lost."""

from decimal import Decimal
from typing import get_type_hints

import pytest

from customers.models import Business
from customers.traits import Traits
from smrt_integration.delivery.pack import MAX_BATCH_BYTES
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    attempts,
    deliver,
    event_names,
    outcomes,
    sending_business,
    sign_up,
    waiting,
)
from tests.factories import (
    CustomFieldFactory,
    CustomFieldValueFactory,
    DiscountFactory,
    OrderFactory,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

SEGMENT_TAKES_BYTES = 512_000


@pytest.fixture
def business(segment: SegmentStandIn, db: None) -> Business:
    return sending_business(WRITE_KEY)


def test_a_customer_without_details_is_identified_with_every_trait(
    business: Business, segment: SegmentStandIn
) -> None:
    customer = sign_up(business, bare=True)
    OrderFactory.create(customer=customer, agent=None, sold_by=None)

    deliver()

    assert event_names(segment.accepted()) == ["identify", "New Customer Signup", "Order Created"]
    identify, _, order = segment.accepted()
    assert identify["traits"].keys() == get_type_hints(Traits).keys()
    unknown = {
        "email",
        "name",
        "firstName",
        "lastName",
        "phone",
        "phoneE164",
        "address",
        "group",
        "agent",
        "birthday",
        "lastVisit",
    }
    assert {name: identify["traits"][name] for name in unknown} == dict.fromkeys(unknown)
    assert identify["traits"]["brand"] == business.name
    assert (
        order["properties"]["agent"],
        order["properties"]["sold_by"],
        order["properties"]["discount"],
    ) == (None, None, None)


@pytest.mark.parametrize(
    "name",
    [
        "Zoë Ångström",
        "李小龙",
        "محمد بن سلمان",
        "👩‍👩‍👧‍👦 Family",
        'Robert"); DROP TABLE students;--',
        "\\u0041 \\n {{ name }} %s",
        "line\nbreak\ttab",
        "\u00e9 composed",
        "\u202ereversed\u202c",
        "ﬃ" * 100,
    ],
)
def test_names_arrive_unchanged(name: str, business: Business, segment: SegmentStandIn) -> None:
    sign_up(business, first_name=name, last_name="")

    deliver()

    assert segment.accepted()[0]["traits"]["firstName"] == name
    assert [arrival.verdict for arrival in segment.messages()] == ["accepted", "accepted"]


@pytest.mark.parametrize("amount", ["0.00", "0.01", "0.10", "19.99", "1234567.89", "9999999999.99"])
def test_amounts_arrive_exactly(amount: str, business: Business, segment: SegmentStandIn) -> None:
    discount = DiscountFactory.create(business=business, kind="AMOUNT", value=Decimal(amount))
    OrderFactory.create(
        customer=sign_up(business),
        total=Decimal(amount),
        subtotal=Decimal(amount),
        discount=discount,
    )

    deliver()

    order = segment.accepted()[-1]["properties"]
    assert [repr(order["value"]), repr(order["revenue"]), repr(order["discount"]["value"])] == [
        repr(float(amount))
    ] * 3
    assert Decimal(repr(order["value"])) == Decimal(amount)


@pytest.mark.parametrize(
    "zone", ["Africa/Cairo", "Pacific/Apia", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"]
)
def test_any_time_zone_is_sent_as_it_is(
    zone: str, business: Business, segment: SegmentStandIn
) -> None:
    business.time_zone = zone
    business.save()
    sign_up(business)

    deliver()

    assert {message["context"]["timezone"] for message in segment.accepted()} == {zone}
    assert len(segment.accepted()) == 2


def test_many_large_identifies_are_divided_into_requests_that_segment_accepts(
    business: Business, segment: SegmentStandIn
) -> None:
    field = CustomFieldFactory.create(business=business, name="Notes")
    for _ in range(40):
        CustomFieldValueFactory.create(customer=sign_up(business), field=field, value="n" * 25_000)

    deliver()

    identifies = [request for request in segment.requests() if request.size > 100_000]
    assert [request.status for request in segment.requests()] == [200] * len(segment.requests())
    assert len(identifies) == 3
    assert max(request.size for request in identifies) <= SEGMENT_TAKES_BYTES
    assert max(attempt.bytes for attempt in attempts(business)) <= MAX_BATCH_BYTES
    assert (
        sorted(outcomes())
        == [("New Customer Signup", "accepted")] * 40 + [("identify", "accepted")] * 40
    )
    assert waiting() == []
