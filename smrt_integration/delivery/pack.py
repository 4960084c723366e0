"""Pack: divide messages into batches. Pure.

No batch is over a limit, the order stays, and no message is dropped.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

# Segment drops a larger message of a batch and still answers 200 (contract, section 4). The SDK's
# own limit is the same.
MAX_MESSAGE_BYTES: Final = 32_768
# Segment's limit is 512,000 bytes per request, including what the SDK adds around the batch. Its
# own SDKs stop at 475,000.
MAX_BATCH_BYTES: Final = 475_000
# Segment's limit is 2,500. With 500, bisecting takes few steps and a lost response repeats little.
MAX_BATCH_MESSAGES: Final = 500
# The comma between two messages of a JSON array.
SEPARATOR_BYTES: Final = 1


class Sized(Protocol):
    @property
    def size(self) -> int:
        """The message's size on the wire, in bytes."""


S = TypeVar("S", bound=Sized)


def pack(
    messages: Iterable[S], max_bytes: int = MAX_BATCH_BYTES, max_messages: int = MAX_BATCH_MESSAGES
) -> Iterator[list[S]]:
    """Return batches in the order of the messages.

    A message that exceeds `max_bytes` is a batch of its own; building refuses such messages.
    """
    batch: list[S] = []
    used = 0
    for message in messages:
        size = message.size + SEPARATOR_BYTES
        if batch and (used + size > max_bytes or len(batch) == max_messages):
            yield batch
            batch, used = [], 0
        batch.append(message)
        used += size
    if batch:
        yield batch
