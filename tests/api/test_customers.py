"""Customers: created, found, changed and sent to Segment."""

import threading

import pytest
from django.db import connection, transaction

from customers.models import Customer, CustomField
from events.models import Integration, Outgoing
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, errors, fields
from tests.customers.contention import wait_for_waiting
from tests.factories import AgentFactory, CustomerFactory, CustomFieldFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db

ANN = {
    "first_name": "Ann",
    "last_name": "Ames",
    "email": "ann@example.com",
    "phone": "415 555 0123",
}


@pytest.mark.parametrize(("client", "source"), [("pos", "POS"), ("website", "Website")])
def test_the_client_of_the_key_decides_the_source_of_a_signup(
    client: str,
    source: str,
    request: pytest.FixtureRequest,
    integration: Integration,
    segment: SegmentStandIn,
) -> None:
    caller: Caller = request.getfixturevalue(client)

    response = caller.post("customers", ANN)

    assert response.status_code == 201, response.content
    assert (response.json()["source"], response.json()["phone"]) == (source, "+14155550123")
    Delivery().run()
    (signup,) = [
        message for message in segment.accepted() if message.get("event") == "New Customer Signup"
    ]
    assert (signup["userId"], signup["properties"]) == (response.json()["id"], {"source": source})


def test_custom_fields_are_returned_with_the_customer(
    pos: Caller, integration: Integration, segment: SegmentStandIn
) -> None:
    birthday = CustomFieldFactory.create(
        business=integration.business, name="Birthday", kind=CustomField.Kind.DATE
    )

    created = pos.post(
        "customers", ANN | {"custom_fields": [{"field": str(birthday.uuid), "value": "1980-02-29"}]}
    ).json()

    assert created["custom_fields"] == [
        {"field": str(birthday.uuid), "name": "Birthday", "value": "1980-02-29"}
    ]
    Delivery().run()
    (identify,) = [message for message in segment.accepted() if message["type"] == "identify"]
    assert identify["traits"]["customFields"] == [{"name": "Birthday", "value": "1980-02-29"}]


def test_a_field_left_out_of_a_change_stays(pos: Caller, customer: Customer) -> None:
    before = pos.get(f"customers/{customer.uuid}").json()

    after = pos.patch(
        f"customers/{customer.uuid}",
        {"receive_texts": False, "address": {"street": "1 New Street", "city": "Oakland"}},
    ).json()

    address = {
        "street": "1 New Street",
        "city": "Oakland",
        "state": None,
        "postal_code": None,
        "country": None,
    }
    assert after == before | {"receive_texts": False, "address": address}


def test_a_change_of_one_field_does_not_undo_a_change_of_another(
    pos: Caller, customer: Customer
) -> None:
    Customer.objects.filter(pk=customer.pk).update(email="newer@example.com")

    pos.patch(f"customers/{customer.uuid}", {"first_name": "Anna"})

    customer.refresh_from_db()
    assert (customer.first_name, customer.email) == ("Anna", "newer@example.com")


def test_customers_are_found_by_phone_email_and_name(pos: Caller, customer: Customer) -> None:
    ann = pos.post("customers", ANN).json()["id"]
    CustomerFactory.create(
        first_name="Ann", last_name="Ames", email="ann@example.com", phone="+14155550123"
    )

    for query in (
        {"phone": "(415) 555-0123"},
        {"email": "ANN@example.com"},
        {"name": "am"},
        {"name": "ann am"},
    ):
        assert [row["id"] for row in pos.get("customers", **query).json()["results"]] == [ann], (
            query
        )
    assert pos.get("customers", phone="nonsense").json()["results"] == []


def test_next_leads_to_the_next_page(pos: Caller, customer: Customer) -> None:
    CustomerFactory.create_batch(4, business=customer.business)

    first = pos.get("customers", limit=3).json()
    second = pos.get("customers?" + first["next"].split("?", 1)[1]).json()

    ids = [row["id"] for page in (first, second) for row in page["results"]]
    assert (len(ids), len(set(ids)), second["next"]) == (5, 5, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"kind": "ALIEN"}, "kind"),
        ({"agent": "00000000-0000-4000-8000-000000000000"}, "agent"),
        ({"address": {"country": "USA"}}, "address.country"),
        (
            {"custom_fields": [{"field": "00000000-0000-4000-8000-000000000000", "value": "x"}]},
            "custom_fields[0].field",
        ),
    ],
)
def test_an_invalid_field_is_named_and_nothing_is_changed(
    pos: Caller, customer: Customer, change: dict[str, object], field: str
) -> None:
    before = pos.get(f"customers/{customer.uuid}").json()

    response = pos.patch(f"customers/{customer.uuid}", {"first_name": "Zoe"} | change)

    assert (response.status_code, fields(response)) == (400, [field]), response.content
    assert pos.get(f"customers/{customer.uuid}").json() == before


def test_an_agent_of_another_business_is_unknown(pos: Caller, customer: Customer) -> None:
    response = pos.patch(f"customers/{customer.uuid}", {"agent": str(AgentFactory.create().uuid)})

    assert errors(response) == [("does_not_exist", "agent", "There is no agent with this id.")]


def test_a_customer_of_another_business_is_not_found(other: Caller, customer: Customer) -> None:
    assert other.get(f"customers/{customer.uuid}").status_code == 404
    assert other.patch(f"customers/{customer.uuid}", {"first_name": "Zoe"}).status_code == 404


def test_no_response_contains_the_link_of_a_customer(pos: Caller, customer: Customer) -> None:
    assert "/account/" not in pos.get(f"customers/{customer.uuid}").content.decode()


def test_the_same_number_in_another_notation_is_not_a_change(
    pos: Caller, customer: Customer
) -> None:
    customer.change_phone("+14155550123", is_mobile=True)
    customer.record_text_reply()

    pos.patch(f"customers/{customer.uuid}", {"phone": "(415) 555-0123", "first_name": "Anna"})

    customer.refresh_from_db()
    assert (customer.first_name, customer.phone_is_mobile, customer.text_answered_at is None) == (
        "Anna",
        True,
        False,
    )
    pos.patch(f"customers/{customer.uuid}", {"phone": "(415) 555-0124"})
    customer.refresh_from_db()
    assert (customer.phone, customer.phone_is_mobile, customer.text_answered_at) == (
        "+14155550124",
        None,
        None,
    )


def test_a_returned_record_can_be_sent_back_and_changes_nothing(
    pos: Caller, customer: Customer
) -> None:
    field = CustomFieldFactory.create(business=customer.business)
    pos.patch(
        f"customers/{customer.uuid}",
        {"custom_fields": [{"field": str(field.uuid), "value": "A parrot"}]},
    )
    record = pos.get(f"customers/{customer.uuid}").json()

    assert pos.patch(f"customers/{customer.uuid}", record).json() == record


def test_an_invalid_date_is_reported_under_custom_fields(pos: Caller, customer: Customer) -> None:
    birthday = CustomFieldFactory.create(business=customer.business, kind=CustomField.Kind.DATE)
    response = pos.patch(
        f"customers/{customer.uuid}",
        {"custom_fields": [{"field": str(birthday.uuid), "value": "soon"}]},
    )
    assert (response.status_code, fields(response)) == (400, ["custom_fields[0].value"])


@pytest.mark.django_db(transaction=True)
def test_a_change_that_waited_for_another_is_sent_to_segment(
    pos: Caller, customer: Customer, integration: Integration
) -> None:
    """PATCH restores the value from before the other change, which is a change again."""
    email = customer.email

    def patch() -> None:
        try:
            assert pos.patch(f"customers/{customer.uuid}", {"email": email}).status_code == 200
        finally:
            connection.close()

    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        thread = threading.Thread(target=patch)
        thread.start()
        wait_for_waiting(1)
        locked.email = "other@example.com"
        locked.save(update_fields=["email"])
        before = Outgoing.objects.get(event="identify", customer=customer).message_id
    thread.join()

    customer.refresh_from_db()
    assert customer.email == email
    assert Outgoing.objects.get(event="identify", customer=customer).message_id != before
