"""What we post is what the official SDK would have posted, in the same order, without spaces."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from segment.analytics.client import Client

from smrt_integration.delivery import segment
from tests.events import golden

WHO = UUID("3f0b8a52-6c1e-4e57-9d2a-0f4c8b7e6d51")
AT = datetime(2026, 3, 1, 17, 30, 0, 123456, tzinfo=UTC)
MESSAGE_ID = "0123456789abcdef0123456789abcdef"
CONTEXT = {"ip": "0", "active": False, "timezone": "Europe/Berlin"}

SDK = Client("0" * 32, send=False, sync_mode=True)


@pytest.mark.parametrize("name", golden.committed())
def test_a_message_equals_the_sdks_own(name: str) -> None:
    message = golden.committed()[name]
    ours, sdks = (identify if message["type"] == "identify" else track)(message)
    without_spaces = json.dumps(sdks, ensure_ascii=False, separators=(",", ":"))
    assert segment.serialized(ours).decode() == without_spaces


def identify(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    sdks = SDK.identify(
        str(WHO), message["traits"], context=dict(CONTEXT), timestamp=AT, message_id=MESSAGE_ID
    )[1]
    time_zone: Any = CONTEXT["timezone"]
    ours = segment.identify(WHO, message["traits"], time_zone, AT, MESSAGE_ID)
    return ours, sdks


def track(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    muted, event, properties = message["integrations"], message["event"], message["properties"]
    sdks = SDK.track(
        str(WHO),
        event,
        properties,
        context=dict(CONTEXT),
        timestamp=AT,
        integrations=dict(muted),
        message_id=MESSAGE_ID,
    )[1]
    return segment.track(
        WHO, event, properties, "Europe/Berlin", AT, MESSAGE_ID, tuple(muted.items())
    ), sdks


def test_a_message_leaves_nothing_in_the_next_one() -> None:
    segment.track(WHO, "Order Ready", {"order_id": "1", "discount": None}, "UTC", AT, MESSAGE_ID)
    assert segment.track(WHO, "Order Ready", {"order_id": "2"}, "UTC", AT, MESSAGE_ID)[
        "properties"
    ] == {"order_id": "2"}


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (-1, False)])
def test_a_message_of_32768_bytes_is_the_largest(spare: int, fits: bool) -> None:
    empty = len(
        segment.serialized(segment.track(WHO, "Order Ready", {"agent": ""}, "UTC", AT, MESSAGE_ID))
    )
    message = segment.track(
        WHO, "Order Ready", {"agent": "x" * (32_768 - empty - spare)}, "UTC", AT, MESSAGE_ID
    )
    if fits:
        assert len(segment.serialized(message)) == 32_768
    else:
        with pytest.raises(segment.MessageTooLarge, match="agent"):
            segment.serialized(message)
