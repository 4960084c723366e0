"""Changed switches are recorded in the transaction of the save."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from customers.models import Business
from events.models import Integration, SwitchChange
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def business() -> Business:
    business: Business = BusinessFactory.create()
    return business


def recorded() -> list[tuple[str, bool]]:
    return list(SwitchChange.objects.order_by("id").values_list("event", "on"))


def test_a_new_integration_starts_with_its_switches(business: Business) -> None:
    with time_machine.travel(NOON, tick=False):
        Integration.objects.create(business=business, muted=["Order Ready", "Customer Visit"])
    assert recorded() == [("", False), ("Customer Visit", False), ("Order Ready", False)]
    assert set(SwitchChange.objects.values_list("business_id", "at")) == {(business.pk, NOON)}


def test_switching_on_and_off_is_recorded_with_its_time(business: Business) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        integration = Integration.objects.create(business=business, write_key=WRITE_KEY)
        for enabled in (True, True, False):
            clock.shift(60)
            integration.enabled = enabled
            integration.save()
    changes = [
        (change.event, change.on, change.at - NOON)
        for change in SwitchChange.objects.order_by("id")
    ]
    minute = timedelta(minutes=1)
    assert changes == [("", False, 0 * minute), ("", True, minute), ("", False, 3 * minute)]


def test_muting_and_unmuting_is_recorded_for_each_event(business: Business) -> None:
    integration = Integration.objects.create(business=business, enabled=True, muted=["Order Ready"])
    integration.muted = ["Order Created", "Customer Lost"]
    integration.save(update_fields=["muted"])
    assert recorded()[2:] == [
        ("Customer Lost", False),
        ("Order Created", False),
        ("Order Ready", True),
    ]


def test_other_changes_and_saves_without_a_change_record_nothing(business: Business) -> None:
    integration = Integration.objects.create(business=business)
    integration.region, integration.birthday_hour = "eu", 7
    integration.save()
    integration.save()
    assert recorded() == [("", False)]


def test_a_save_that_is_rolled_back_records_nothing(business: Business) -> None:
    integration = Integration.objects.create(business=business)
    with transaction.atomic():
        integration.enabled = True
        integration.save()
        transaction.set_rollback(True)
    assert recorded() == [("", False)]
