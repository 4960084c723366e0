"""A message in the send log is read exactly as it was written, and takes little."""

import hashlib
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import packed_messages
from events.packed_messages import RowValues, pack, unpack
from tests.events import golden

VALUES = RowValues(
    UUID("3f0b8a52-6c1e-4e57-9d2a-0f4c8b7e6d51"),
    "0199aabbccddeeff0011223344556677",
    datetime(2026, 3, 1, 17, 30, 0, 123456, tzinfo=UTC),
)
OF_THIS_ROW = {
    "userId": str(VALUES.user_id),
    "messageId": VALUES.message_id,
    "timestamp": "2026-03-01T17:30:00.123+00:00",
}


@pytest.mark.parametrize("name", golden.committed())
def test_a_golden_message_takes_a_third(name: str) -> None:
    fields = golden.committed()[name] | OF_THIS_ROW
    message = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    stored = pack(message, VALUES)
    assert unpack(stored, VALUES) == message
    assert 3 * len(stored) < len(message.encode())


# Some of what a message contains, and what could be taken for it.
PIECES = st.sampled_from([*VALUES.as_texts(), "\x01", "\x02", "\x03", '{"', "é", "\\u0001"])


@given(st.lists(PIECES | st.text()).map("".join), st.uuids(), st.datetimes(timezones=st.just(UTC)))
def test_any_text_is_read_as_it_was_written(text: str, user_id: UUID, at: datetime) -> None:
    for values in (VALUES, RowValues(user_id, "", at)):
        assert unpack(pack(text, values), values) == text


def test_rows_without_a_message_stay_without() -> None:
    assert pack("", VALUES) == b""
    assert unpack(b"", VALUES) == ""


def test_the_dictionary_is_the_one_that_stored_messages_were_written_with() -> None:
    digest = hashlib.sha256(packed_messages.DICTIONARY.read_bytes()).hexdigest()
    assert digest == "1469a4638e9d311db99202195eaa0d0e2ce4daa159aca8c46d81f436dad9a13e"


def test_a_message_of_a_later_release_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="later release"):
        unpack(b"\x09anything", VALUES)
