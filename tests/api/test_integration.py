"""The integration by the API: read, switched, and what an owner is told by it."""

import pytest

from customers.models import Business, Customer, CustomField
from events.models import Integration, Lane
from events.standing import CHOICE_WANTED
from smrt_integration.delivery.deliver import Delivery
from tests.api.conftest import Caller
from tests.conftest import WRITE_KEY
from tests.factories import CustomFieldFactory
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


def test_a_business_that_never_set_it_is_switched_off_and_reading_writes_nothing(pos: Caller) -> None:
    told = pos.get("integration").json()

    assert (told["enabled"], told["write_key_ends_in"], told["muted"]) == (False, None, [])
    assert told["standing"] == {
        "state": "off",
        "says": "Switched off. Nothing is recorded and nothing is sent.",
        "to_do": "Enter the write key of your Segment source, then switch on.",
    }
    assert not Integration.objects.exists()


def test_it_is_switched_on_and_events_leave(pos: Caller, customer: Customer, segment: SegmentStandIn) -> None:
    answer = pos.patch("integration", {"enabled": True, "write_key": WRITE_KEY, "region": "eu", "muted": ["Customer Visit"]})

    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["enabled"], told["region"], told["write_key_ends_in"], told["standing"]["state"]) == (True, "eu", "2345", "new")
    assert WRITE_KEY not in answer.content.decode()
    pos.post("orders", {"customer": str(customer.uuid)})
    Delivery().run()
    assert [message["event"] for message in segment.accepted() if message["type"] == "track"] == ["Order Created"]
    assert pos.get("integration").json()["standing"]["state"] == "well"


def test_what_is_left_out_stays(pos: Caller, integration: Integration) -> None:
    before = pos.get("integration").json()

    after = pos.patch("integration", {"weekly_limit": 20}).json()

    assert after == before | {"weekly_limit": 20}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"write_key": "short"}, "write_key"),
        ({"region": "moon"}, "region"),
        ({"muted": ["Moon Landing"]}, "muted"),
        ({"weekly_limit": 0}, "weekly_limit"),
        ({"birthday_hour": 24}, "birthday_hour"),
        ({"birthday_field": "00000000-0000-4000-8000-000000000000"}, "birthday_field"),
    ],
)
def test_what_makes_no_sense_is_named_and_changes_nothing(
    pos: Caller, integration: Integration, change: dict[str, object], field: str
) -> None:
    before = pos.get("integration").json()

    answer = pos.patch("integration", {"retention_months": 5} | change)

    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert pos.get("integration").json() == before


def test_it_cannot_be_switched_on_without_a_key(pos: Caller) -> None:
    answer = pos.patch("integration", {"enabled": True})

    assert answer.json() == {"write_key": ["Give the write key of your Segment source before you switch on."]}
    assert not Integration.objects.filter(enabled=True).exists()


def test_the_birthday_is_a_custom_field_that_holds_a_date(pos: Caller, business: Business, integration: Integration) -> None:
    birthday = CustomFieldFactory.create(business=business, kind=CustomField.Kind.DATE)
    text = CustomFieldFactory.create(business=business)

    assert pos.patch("integration", {"birthday_field": str(text.uuid)}).status_code == 400
    assert pos.patch("integration", {"birthday_field": str(birthday.uuid)}).json()["birthday_field"] == str(birthday.uuid)
    integration.refresh_from_db()
    assert integration.birthday_field_since is not None


def test_events_from_before_wait_for_a_choice_and_are_sent_when_it_is_made(
    pos: Caller, customer: Customer, integration: Integration, segment: SegmentStandIn
) -> None:
    order = pos.post("orders", {"customer": str(customer.uuid)}).json()
    pos.patch("integration", {"enabled": False})

    told = pos.patch("integration", {"enabled": True}).json()

    assert told["standing"]["state"] == "choosing"
    Delivery().run()
    assert segment.accepted() == []
    assert pos.post("integration/resume").json()["standing"]["state"] == "sending"
    Delivery().run()
    created = [message for message in segment.accepted() if message.get("event") == "Order Created"]
    assert [message["properties"]["order_id"] for message in created] == [order["number"]]


def test_switched_off_there_is_nothing_to_resume(pos: Caller, integration: Integration) -> None:
    pos.patch("integration", {"enabled": False})

    assert pos.post("integration/resume").json() == {"detail": "The integration is switched off. Switch it on first."}


def test_a_save_that_changes_nothing_tries_again(pos: Caller, integration: Integration) -> None:
    Lane.objects.filter(pk=integration.pk).update(stopped="Segment refused the write key. Paste it again.")

    pos.patch("integration", {"region": integration.region})

    assert Lane.objects.get(pk=integration.pk).stopped == ""


def test_a_save_does_not_end_a_choice(pos: Caller, integration: Integration) -> None:
    Lane.objects.filter(pk=integration.pk).update(stopped=CHOICE_WANTED)

    pos.patch("integration", {"weekly_limit": 20})

    assert Lane.objects.get(pk=integration.pk).stopped == CHOICE_WANTED


def test_a_driver_s_phone_may_not_look_at_it(app: Caller) -> None:
    assert app.get("integration").status_code == 403
    assert app.get("event-types").status_code == 200
