"""Packing messages into requests. Pure: never over a limit, never reordered, nothing dropped."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

# Segment drops an oversized message inside a batch and still answers 200 (contract, section 4); the SDK's own limit is the same.
MAX_MESSAGE_BYTES = 32_768
# Segment takes 512,000 bytes a request and counts what the SDK adds around the batch; its own SDKs stop at 475,000.
MAX_BATCH_BYTES = 475_000
# Segment takes 2,500 messages; with 500 a refused batch is halved to single messages in few steps and a lost answer repeats little.
MAX_BATCH_MESSAGES = 500
# Between two messages of a JSON array: ", ".
SEPARATOR_BYTES = 2


class Sized(Protocol):
    @property
    def size(self) -> int:
        """The message's size on the wire, in bytes."""


S = TypeVar("S", bound=Sized)


def pack(
    messages: Iterable[S], max_bytes: int = MAX_BATCH_BYTES, max_messages: int = MAX_BATCH_MESSAGES
) -> Iterator[list[S]]:
    """Batches in the order given. A message that alone exceeds `max_bytes` travels alone; keep it from coming here."""
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
