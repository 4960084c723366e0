"""The integration: its validation, the times it stores, and the lane that saving it resumes."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import redis
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from customers.models import Business
from events import wake
from events.catalogue import EVENT_NAMES
from events.lanes import lane_control
from events.models import Integration, Lane
from tests.conftest import WRITE_KEY
from tests.events.outbox_rows import nothing_written
from tests.factories import BusinessFactory, CustomFieldFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 3, 4, 12, tzinfo=UTC)
MALFORMED_KEY = (
    "A write key is 32 letters and digits. Copy it from Segment: "
    "Connections > Sources > your source > Settings > API Keys."
)


@pytest.fixture
def business() -> Business:
    business: Business = BusinessFactory.create()
    return business


def errors(**config: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        Integration(**config).full_clean()
    return caught.value.message_dict


class TestValidation:
    @pytest.mark.parametrize(
        "write_key",
        [
            "short",
            "a" * 31,
            "a" * 33,
            "a" * 31 + "-",
            "a" * 32 + "\n",
            " " + "a" * 31,
            "ä" * 32,
            "\N{FULLWIDTH DIGIT ONE}" * 32,
        ],
    )
    def test_a_malformed_write_key_is_refused(self, business: Business, write_key: str) -> None:
        assert errors(business=business, write_key=write_key) == {"write_key": [MALFORMED_KEY]}

    def test_switching_on_without_a_write_key_is_refused(self, business: Business) -> None:
        expected = {
            "write_key": ["Enter the write key of your Segment source before you switch on."]
        }
        assert errors(business=business, enabled=True) == expected

    def test_an_event_that_does_not_exist_is_refused(self, business: Business) -> None:
        (error,) = errors(business=business, muted=["Order Ready", "Order Redy", "identify"])[
            "muted"
        ]
        events = ", ".join(sorted(EVENT_NAMES))
        assert error == (f"Order Redy, identify: there is no such event. The events are {events}.")

    def test_another_business_s_birthday_field_is_refused(self, business: Business) -> None:
        theirs = CustomFieldFactory.create(birthday=True)
        expected = {
            "birthday_field": [
                "This custom field belongs to another business. Choose one of your own."
            ]
        }
        assert errors(business=business, birthday_field=theirs) == expected

    def test_a_birthday_field_that_is_no_date_is_refused(self, business: Business) -> None:
        text = CustomFieldFactory.create(business=business)
        assert list(errors(business=business, birthday_field=text)) == ["birthday_field"]

    @pytest.mark.parametrize("region", ["", "US", "https://api.segment.io", "ap"])
    def test_an_unknown_region_is_refused(self, business: Business, region: str) -> None:
        (error,) = errors(business=business, region=region)["region"]
        assert error == (
            f"Value {region!r} is not a valid choice." if region else "This field cannot be blank."
        )

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(
                (f"{rhythm}_limit", value)
                for rhythm in ("weekly", "bi_weekly", "monthly", "irregular")
                for value in (0, -1, 1001)
            ),
            ("birthday_hour", 24),
            ("birthday_hour", -1),
            ("retention_months", 0),
            ("retention_months", 121),
        ],
    )
    def test_numbers_out_of_range_are_refused(
        self, business: Business, field: str, value: int
    ) -> None:
        assert list(errors(business=business, **{field: value})) == [field]

    def test_a_second_integration_of_a_business_is_refused(self, business: Business) -> None:
        Integration.objects.create(business=business)
        assert errors(business=business) == {
            "business": ["Integration with this Business already exists."]
        }


def test_a_valid_integration_is_accepted(business: Business) -> None:
    Integration(
        business=business,
        enabled=True,
        write_key=WRITE_KEY,
        region="eu",
        muted=sorted(EVENT_NAMES),
        birthday_field=CustomFieldFactory.create(business=business, birthday=True),
        birthday_hour=0,
        weekly_limit=1,
        irregular_limit=1000,
        retention_months=120,
    ).full_clean()


class TestTimes:
    """No event from before the integration or the birthday field was set is sent."""

    def test_enabled_at_is_set_by_switching_on_and_kept(self, business: Business) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            integration = Integration.objects.create(business=business)
            assert integration.enabled_at is None
            clock.shift(60)
            integration.enabled = True
            integration.save()
            clock.shift(60)
            integration.region = "eu"
            integration.save()
        assert Integration.objects.get().enabled_at == NOON + timedelta(minutes=1)

    def test_enabled_at_is_set_again_after_the_integration_was_off(
        self, business: Business
    ) -> None:
        with time_machine.travel(NOON, tick=False) as clock:
            integration = Integration.objects.create(business=business, enabled=True)
            integration.enabled = False
            integration.save()
            assert Integration.objects.get().enabled_at is None
            clock.shift(3600)
            integration.enabled = True
            integration.save()
        assert Integration.objects.get().enabled_at == NOON + timedelta(hours=1)

    def test_enabled_at_is_set_when_only_that_column_is_saved(self, business: Business) -> None:
        integration = Integration.objects.create(business=business)
        integration.enabled = True
        with time_machine.travel(NOON, tick=False):
            integration.save(update_fields=["enabled"])
        assert Integration.objects.get().enabled_at == NOON

    def test_birthday_field_since_follows_the_field(self, business: Business) -> None:
        one, two = CustomFieldFactory.create_batch(2, business=business, birthday=True)
        stored = []
        with time_machine.travel(NOON, tick=False) as clock:
            integration = Integration.objects.create(business=business)
            for field in (None, one, one, two, None):
                clock.shift(60)
                integration.birthday_field = field
                integration.save()
                stored.append(Integration.objects.get().birthday_field_since)
        assert stored == [
            None,
            NOON + timedelta(minutes=2),
            NOON + timedelta(minutes=2),
            NOON + timedelta(minutes=4),
            None,
        ]

    def test_a_save_of_other_columns_with_an_old_copy_keeps_the_times(
        self, business: Business
    ) -> None:
        Integration.objects.create(business=business, enabled=True, enabled_at=NOON)
        old, other = Integration.objects.get(), Integration.objects.get()
        other.enabled = False
        other.save()
        old.muted = ["Order Ready"]
        old.save(update_fields=["muted"])
        stored = Integration.objects.get()
        assert (stored.enabled, stored.enabled_at, stored.muted) == (False, None, ["Order Ready"])

    def test_a_save_of_no_column_saves_nothing(self, business: Business) -> None:
        integration = Integration.objects.create(business=business)
        integration.enabled = True
        integration.save(update_fields=[])
        assert Integration.objects.get().enabled_at is None

    def test_a_deleted_custom_field_is_no_birthday_field(self, business: Business) -> None:
        field = CustomFieldFactory.create(business=business, birthday=True)
        Integration.objects.create(business=business, birthday_field=field)
        field.delete()
        assert Integration.objects.get().birthday_field is None


class TestLane:
    def test_a_lane_is_created_with_the_integration(self, business: Business) -> None:
        Integration.objects.create(business=business)
        lane = Lane.objects.get()
        assert (
            lane.business_id,
            lane.failures,
            lane.stopped,
            lane.generation,
            lane.lease_until,
        ) == (business.pk, 0, "", 0, None)
        assert lane.resume_at <= timezone.now()

    def test_saving_resumes_a_lane_that_is_halted_or_backs_off(self, business: Business) -> None:
        integration = Integration.objects.create(business=business)
        later = timezone.now() + timedelta(hours=1)
        lease = {"lease_token": uuid4(), "lease_until": later}
        trouble = {
            "stopped": "Segment refused the write key.",
            "stopped_at": later,
            "last_error": "401",
            "failing_since": later,
        }
        Lane.objects.update(
            resume_at=later, failures=7, last_accepted_at=NOON, floor=5, **lease, **trouble
        )
        integration.save()
        lane = Lane.objects.get()
        assert (
            lane.stopped,
            lane.stopped_at,
            lane.last_error,
            lane.failing_since,
            lane.failures,
        ) == ("", None, "", None, 0)
        assert lane.resume_at <= timezone.now()
        # A delivery in flight goes on, but its result does not change the lane any more.
        assert (lane.lease_token, lane.lease_until, lane.generation) == (*lease.values(), 1)
        assert (lane.last_accepted_at, lane.floor) == (NOON, 5)

    def test_saving_does_not_change_another_business_s_lane(self, business: Business) -> None:
        other = Integration.objects.create(business=BusinessFactory.create())
        Lane.objects.update(stopped="Segment refused the write key.", failures=3)
        Integration.objects.create(business=business).save()
        lane = Lane.objects.get(business=other.business)
        assert (lane.stopped, lane.failures, lane.generation) == (
            "Segment refused the write key.",
            3,
            0,
        )

    def test_a_save_that_is_rolled_back_does_not_change_the_lane(self, business: Business) -> None:
        integration = Integration.objects.create(business=business)
        Lane.objects.update(stopped="Segment refused the write key.")
        with nothing_written(), transaction.atomic():
            integration.save()
            transaction.set_rollback(True)
        assert Lane.objects.get().stopped == "Segment refused the write key."

    def test_saving_other_fields_does_not_end_the_backoff(self, business: Business) -> None:
        integration = Integration.objects.create(
            business=business, enabled=True, write_key=WRITE_KEY
        )
        later = timezone.now() + timedelta(hours=1)
        Lane.objects.update(
            resume_at=later,
            failures=7,
            last_error="Segment could not be reached.",
            failing_since=NOON,
        )
        before = Lane.objects.values().get()
        integration.muted, integration.birthday_hour = ["Order Ready"], 7
        integration.save()
        assert Lane.objects.values().get() == before

    @pytest.mark.parametrize(
        "change", [{"region": "eu"}, {"write_key": "Z" * 32}, {"enabled": True}]
    )
    def test_another_key_or_region_ends_the_backoff(
        self, business: Business, change: dict[str, Any]
    ) -> None:
        integration = Integration.objects.create(business=business, write_key=WRITE_KEY)
        Lane.objects.update(resume_at=timezone.now() + timedelta(hours=1), failures=7)
        for name, value in change.items():
            setattr(integration, name, value)
        integration.save()
        lane = Lane.objects.get()
        assert (lane.failures, lane.generation, lane.resume_at <= timezone.now()) == (0, 1, True)

    @pytest.mark.parametrize("halt", lane_control.OWNER_HALTS)
    def test_saving_does_not_resume_a_lane_that_waits_for_its_owner_s_choice(
        self, business: Business, halt: str
    ) -> None:
        integration = Integration.objects.create(
            business=business, enabled=True, write_key=WRITE_KEY
        )
        Lane.objects.update(stopped=halt)
        integration.write_key = "Z" * 32
        integration.save()
        integration.save()
        assert Lane.objects.get().stopped == halt

    @pytest.mark.django_db(transaction=True)
    def test_saving_publishes_a_wake_up_at_once(self, settings: Any) -> None:
        broker = redis.Redis.from_url(settings.REDIS_URL)
        integration = Integration.objects.create(business=BusinessFactory.create())
        assert wake.wake_thread.finish(10)
        wake.clear()
        before = broker.llen("celery")
        integration.write_key = WRITE_KEY
        integration.save()
        assert wake.wake_thread.finish(10)
        assert broker.llen("celery") == before + 1
