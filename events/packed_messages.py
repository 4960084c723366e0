"""Messages as the send log keeps them: compressed, and without what other columns have.

Messages are alike, so they are compressed with a dictionary of what they have in common: the
envelope, and the names of events, properties and traits. The three values that differ from message
to message, and that the row has in columns of their own, are replaced by marks. A message of 600
bytes takes about 80, and 3 us to pack.

The dictionary is trained with the demo's messages (devtools.log_dictionary). Without exactly this
dictionary, stored messages cannot be read: it is never changed, and a better one gets a format of
its own.
"""

import threading
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import zstandard

DICTIONARY: Final = Path(__file__).with_name("packed_messages_1.bin")
LEVEL: Final = 3
"""Higher levels take three times as long and save a tenth."""
MAX_BYTES: Final = 200_000
"""More than any message has: Segment takes 32 KB."""

# The first byte says how the rest was written.
WITH_MARKS: Final = b"\x01"
WITHOUT_MARKS: Final = b"\x02"
# JSON has no control characters, so no message contains a mark.
VALUE_MARKS: Final = ("\x01", "\x02", "\x03")


class RowValues(NamedTuple):
    """What a row of the send log has in columns, and its message repeats."""

    user_id: UUID
    message_id: str
    occurred_at: datetime

    def as_texts(self) -> tuple[str, str, str]:
        """Return the values as messages write them."""
        at = self.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds")
        return str(self.user_id), self.message_id, at


def pack(message: str, values: RowValues) -> bytes:
    """Return the message for a row with these values, empty when the message is."""
    if not message:
        return b""
    if any(mark in message for mark in VALUE_MARKS):
        return WITHOUT_MARKS + _codec().compressor.compress(message.encode())
    return WITH_MARKS + _codec().compressor.compress(with_marks(message, values).encode())


def with_marks(message: str, values: RowValues) -> str:
    """Return the message with marks in place of these values."""
    for text, mark in zip(values.as_texts(), VALUE_MARKS, strict=True):
        message = message.replace(text, mark)
    return message


def unpack(packed: bytes | memoryview, values: RowValues) -> str:
    """Return the message that `pack` got. Raises ValueError for an unknown format."""
    if not packed:
        return ""
    packed = bytes(packed)
    written_as = packed[:1]
    if written_as not in {WITH_MARKS, WITHOUT_MARKS}:
        raise ValueError("The send log has a message of a later release. Install that release.")
    message = _codec().decompressor.decompress(packed[1:], MAX_BYTES).decode()
    if written_as == WITH_MARKS:
        for text, mark in zip(values.as_texts(), VALUE_MARKS, strict=True):
            message = message.replace(mark, text)
    return message


class Codec(threading.local):
    """A compressor and a decompressor. Two threads must not use one at the same time."""

    def __init__(self) -> None:
        dictionary = _dictionary()
        self.compressor = zstandard.ZstdCompressor(
            level=LEVEL, dict_data=dictionary, write_checksum=False, write_dict_id=False
        )
        self.decompressor = zstandard.ZstdDecompressor(dict_data=dictionary)


@lru_cache(maxsize=1)
def _dictionary() -> zstandard.ZstdCompressionDict:
    dictionary = zstandard.ZstdCompressionDict(DICTIONARY.read_bytes())
    dictionary.precompute_compress(level=LEVEL)
    return dictionary


@lru_cache(maxsize=1)
def _codec() -> Codec:
    return Codec()
