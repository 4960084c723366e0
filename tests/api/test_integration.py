"""The Segment integration in the API: its settings, its status and resuming."""

import pytest

from customers.models import Business, Customer, CustomField
from events.lanes.status import CHOICE_WANTED
from events.models import Integration, Lane
from smrt_integration.api.scopes import SCOPES, Client
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller, errors, fields
from tests.conftest import WRITE_KEY
from tests.factories import CustomFieldFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(business: Business) -> Caller:
    """A client whose key also has integration:write."""
    return Caller(business, Client.POS, sorted(SCOPES))


def test_an_unconfigured_integration_is_off_and_reading_it_writes_nothing(
    office: Caller,
) -> None:
    data = office.get("integration").json()

    assert (data["enabled"], data["write_key_ends_in"], data["muted"]) == (False, None, [])
    assert data["standing"] == {
        "state": "off",
        "says": "Switched off. Nothing is recorded and nothing is sent.",
        "to_do": "Enter the write key of your Segment source, then switch on.",
    }
    assert not Integration.objects.exists()


def test_an_integration_that_is_switched_on_sends_events(
    office: Caller, customer: Customer, segment: SegmentStandIn
) -> None:
    Integration.objects.create(business=customer.business, write_key=WRITE_KEY)

    response = office.patch("integration", {"enabled": True, "muted": ["Customer Visit"]})

    assert response.status_code == 200, response.content
    data = response.json()
    assert (
        data["enabled"],
        data["region"],
        data["write_key_ends_in"],
        data["standing"]["state"],
    ) == (True, "us", "2345", "new")
    assert WRITE_KEY not in response.content.decode()
    office.post("orders", {"customer": str(customer.uuid)})
    Delivery().run()
    assert [message["event"] for message in segment.accepted() if message["type"] == "track"] == [
        "Order Created"
    ]
    assert office.get("integration").json()["standing"]["state"] == "well"


def test_only_owners_change_the_write_key_and_the_region(
    office: Caller, integration: Integration
) -> None:
    """Messages contain the customers' links, which are logins."""
    for change in ({"write_key": "a" * 32}, {"region": "eu"}):
        response = office.patch("integration", change)
        assert (response.status_code, fields(response)) == (400, list(change))
    integration.refresh_from_db()
    assert (integration.write_key, integration.region) == (WRITE_KEY, "us")


def test_a_till_reads_the_status_and_may_not_change_settings(
    business: Business, integration: Integration
) -> None:
    till = Caller(business)
    assert till.get("integration").status_code == 200
    assert till.patch("integration", {"enabled": False}).status_code == 403


def test_a_returned_record_can_be_sent_back(office: Caller, integration: Integration) -> None:
    data = office.get("integration").json()
    assert office.patch("integration", data).json() == data


def test_a_field_left_out_stays(office: Caller, integration: Integration) -> None:
    before = office.get("integration").json()

    after = office.patch("integration", {"weekly_limit": 20}).json()

    assert after == before | {"weekly_limit": 20}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"region": "moon"}, "region"),
        ({"enable": True}, "enable"),
        ({"muted": ["Moon Landing"]}, "muted[0]"),
        ({"weekly_limit": 0}, "weekly_limit"),
        ({"birthday_hour": 24}, "birthday_hour"),
        ({"birthday_field": "00000000-0000-4000-8000-000000000000"}, "birthday_field"),
    ],
)
def test_an_invalid_field_is_named_and_changes_nothing(
    office: Caller, integration: Integration, change: dict[str, object], field: str
) -> None:
    before = office.get("integration").json()

    response = office.patch("integration", {"retention_months": 5} | change)

    assert (response.status_code, fields(response)) == (400, [field])
    assert office.get("integration").json() == before


def test_an_integration_cannot_be_switched_on_without_a_write_key(office: Caller) -> None:
    response = office.patch("integration", {"enabled": True})

    assert errors(response) == [
        (
            "required",
            "enabled",
            (
                "There is no write key yet. "
                "An owner enters it in the admin, under Segment integration."
            ),
        )
    ]
    assert not Integration.objects.filter(enabled=True).exists()


def test_the_birthday_field_must_be_a_date(
    office: Caller, business: Business, integration: Integration
) -> None:
    birthday = CustomFieldFactory.create(business=business, kind=CustomField.Kind.DATE)
    text = CustomFieldFactory.create(business=business)

    assert office.patch("integration", {"birthday_field": str(text.uuid)}).status_code == 400
    assert office.patch("integration", {"birthday_field": str(birthday.uuid)}).json()[
        "birthday_field"
    ] == str(birthday.uuid)
    integration.refresh_from_db()
    assert integration.birthday_field_since is not None


def test_old_events_wait_for_a_choice_and_are_sent_after_it(
    office: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    order = office.post("orders", {"customer": str(customer.uuid)}).json()
    office.patch("integration", {"enabled": False})

    data = office.patch("integration", {"enabled": True}).json()

    assert data["standing"]["state"] == "choosing"
    Delivery().run()
    assert segment.accepted() == []
    assert office.post("integration/resume").json()["standing"]["state"] == "sending"
    Delivery().run()
    created = [message for message in segment.accepted() if message.get("event") == "Order Created"]
    assert [message["properties"]["order_id"] for message in created] == [order["number"]]


def test_an_integration_that_is_off_cannot_be_resumed(
    office: Caller, integration: Integration
) -> None:
    office.patch("integration", {"enabled": False})

    assert errors(office.post("integration/resume")) == [
        ("switched_off", None, "The integration is switched off. Switch it on first.")
    ]


def test_a_save_without_changes_retries_sending(office: Caller, integration: Integration) -> None:
    Lane.objects.filter(pk=integration.pk).update(
        stopped="Segment refused the write key. Paste it again."
    )

    office.patch("integration", {"region": integration.region})

    assert Lane.objects.get(pk=integration.pk).stopped == ""


def test_a_save_does_not_replace_the_choice(office: Caller, integration: Integration) -> None:
    Lane.objects.filter(pk=integration.pk).update(stopped=CHOICE_WANTED)

    office.patch("integration", {"weekly_limit": 20})

    assert Lane.objects.get(pk=integration.pk).stopped == CHOICE_WANTED


def test_a_driver_s_phone_may_not_read_the_integration(app: Caller) -> None:
    assert app.get("integration").status_code == 403
    assert app.get("event-types").status_code == 200
