"""Where a business's events go: the host of its region, with its own write key."""

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from events.models import Integration, Region
from smrt_integration.delivery import responses, segment
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    attempts,
    deliver,
    lane_of,
    message_ids,
    sending_business,
    sign_up,
    write_key,
)
from tests.segment import SegmentStandIn


@pytest.mark.parametrize(
    ("region", "host"),
    [
        (Region.US, "https://api.segment.io"),
        (Region.EU, "https://events.eu1.segmentapis.com"),
        ("eu", "https://events.eu1.segmentapis.com"),
    ],
)
def test_each_region_has_its_host(region: str, host: str, settings: Settings) -> None:
    settings.SEGMENT_HOST = ""

    assert segment.host(region) == host


def test_every_region_that_an_owner_can_choose_has_a_host(settings: Settings) -> None:
    settings.SEGMENT_HOST = ""

    assert len({segment.host(region) for region in Region.values}) == 2


def test_the_setting_segment_host_replaces_every_host(settings: Settings) -> None:
    settings.SEGMENT_HOST = "http://127.0.0.1:8010"

    assert {segment.host(region) for region in Region.values} == {"http://127.0.0.1:8010"}


def test_an_unknown_region_is_an_error_and_not_a_default(settings: Settings) -> None:
    settings.SEGMENT_HOST = ""

    with pytest.raises(ValueError, match="mars"):
        segment.host("mars")


@pytest.mark.django_db
def test_each_business_sends_with_its_own_key(segment: SegmentStandIn) -> None:
    customers = {number: sign_up(sending_business(write_key(number))) for number in range(1, 5)}

    deliver()

    for number, customer in customers.items():
        assert {message["userId"] for message in segment.accepted(write_key(number))} == {
            str(customer.uuid)
        }
        assert len(segment.accepted(write_key(number))) == 2


@pytest.mark.parametrize("stored", ["", "gAAAAABsomething-encrypted-with-a-key-that-is-gone"])
@pytest.mark.django_db
def test_without_a_readable_key_the_lane_halts_and_nothing_is_posted(
    stored: str, segment: SegmentStandIn
) -> None:
    business, other = sending_business(write_key(1)), sending_business(write_key(2))
    sign_up(business)
    sign_up(other)
    recorded = message_ids()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_integration SET write_key = %s WHERE business_id = %s",
            [stored, business.pk],
        )

    deliver()

    lane = lane_of(business)
    assert lane.stopped == responses.no_key().error
    assert attempts(business) == []
    assert {request.write_key for request in segment.requests()} == {write_key(2)}
    assert len(message_ids()) == 2

    integration = Integration.objects.get(business=business)
    integration.write_key = WRITE_KEY
    integration.save()
    deliver()
    assert {message["messageId"] for message in segment.accepted(WRITE_KEY)} <= set(recorded)
    assert (len(segment.accepted(WRITE_KEY)), message_ids()) == (2, [])
