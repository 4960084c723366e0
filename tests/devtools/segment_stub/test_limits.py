"""Rules that need another clock or a hundred thousand messages."""

from datetime import UTC, datetime, timedelta

import pytest

from devtools.segment_stub.envelope import Envelope, PostedMessage
from devtools.segment_stub.message_store import MAX_KEPT, MAX_KEPT_BYTES, MessageStore
from devtools.segment_stub.verdicts import MAX_REMEMBERED_IDS, MessageIds, corrected_timestamp

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_message_id_is_a_duplicate_for_24_hours() -> None:
    ids = MessageIds()

    assert not ids.is_duplicate({"messageId": "a"}, NOON)
    assert ids.is_duplicate({"messageId": "a"}, NOON + timedelta(hours=24, microseconds=-1))
    assert not ids.is_duplicate({"messageId": "a"}, NOON + timedelta(hours=24))


def test_only_the_oldest_message_id_is_forgotten_when_a_million_are_remembered() -> None:
    ids = MessageIds()
    for number in range(MAX_REMEMBERED_IDS + 1):
        ids.is_duplicate({"messageId": number + 1}, NOON)

    assert ids.is_duplicate({"messageId": 2}, NOON)
    assert not ids.is_duplicate({"messageId": 1}, NOON)


@pytest.mark.parametrize(
    ("sent_at", "original", "expected"),
    [
        ("2026-03-01T11:00:10Z", "2026-03-01T11:00:00Z", NOON - timedelta(seconds=10)),
        ("2026-03-01T11:00:10", "2026-03-01T11:00:00", NOON - timedelta(seconds=10)),
        ("2026-03-01T13:00:10+02:00", "2026-03-01T11:00:00.000Z", NOON - timedelta(seconds=10)),
        ("2026-03-01T11:00:00Z", "2026-03-01T11:00:05Z", NOON + timedelta(seconds=5)),
        (None, "2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
        ("soon", "2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
        ("2026-03-01T11:00:10Z", None, NOON),
        ("2026-03-01T11:00:10Z", "yesterday", NOON),
        ("2026-03-01T11:00:10Z", 1_700_000_000, NOON),
        ("9999-12-31T00:00:00Z", "0001-01-01T00:00:00Z", NOON),
        ("2026-03-01T11:00:10Z", "0001-01-01T00:00:00+14:00", NOON),
    ],
)
def test_the_timestamp_is_received_at_less_the_time_from_original_to_sent(
    sent_at: object, original: object, expected: datetime
) -> None:
    assert corrected_timestamp(NOON, sent_at, original) == expected


def _add(store: MessageStore, raw: bytes, count: int) -> None:
    posted = PostedMessage({"type": "identify", "userId": "u"}, raw, len(raw))
    received = store.open_request("/v1/batch", {}, NOON)
    store.add_messages(received, Envelope("key-of-test", [posted] * count))


def test_the_newest_100_000_messages_and_requests_are_kept() -> None:
    store = MessageStore()
    for _ in range(MAX_KEPT // 2_000):
        _add(store, b"{}", 2_000)
    _add(store, b"{}", 1)
    for _ in range(MAX_KEPT):
        store.open_request("/v1/batch", {}, NOON)

    assert (len(store.messages), store.messages[0].number, store.messages[-1].number) == (
        100_000,
        2,
        100_001,
    )
    assert len(store.requests) == 100_000
    assert store.businesses["key-of-test"].accepted == 100_001


def test_messages_are_kept_up_to_256_megabytes() -> None:
    store = MessageStore()
    for _ in range(9_000):
        _add(store, b"x" * 32_768, 1)

    assert len(store.messages) == MAX_KEPT_BYTES // 32_768 == 8_192
