"""SEGMENT_GZIP compresses requests that are longer than a packet."""

import pytest
from django.conf import LazySettings

from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_visits,
    attempts,
    deliver,
    sending_business,
    sign_up,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("is_on", [True, False])
def test_a_long_request_is_compressed_if_the_setting_says_so(
    is_on: bool, settings: LazySettings, segment: SegmentStandIn
) -> None:
    settings.SEGMENT_GZIP = is_on
    business = sending_business(WRITE_KEY)
    add_visits(50, sign_up(business))

    deliver()

    assert len(segment.accepted(WRITE_KEY)) == 52
    short, long = segment.requests(WRITE_KEY)
    assert (short.messages, long.messages) == (1, 51)
    encodings = [request.headers.get("Content-Encoding") for request in (short, long)]
    assert encodings == [None, "gzip" if is_on else None]
    # What an attempt counts is what Segment's limits count: the bytes after decompression.
    assert attempts(business)[1].bytes > 10_000
