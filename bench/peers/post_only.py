"""Peer: post batches that are built already, with the same SDK and as many threads.

No system that also loads, builds and settles can be faster. `python -m bench.peers.post_only PART
PARTS` builds its part of what waits, and posts all of it for every line of standard input.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from django import setup

setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import fill  # noqa: E402
from smrt_integration.delivery import segment, transport  # noqa: E402
from smrt_integration.delivery.build import build  # noqa: E402
from smrt_integration.delivery.claim import ClaimedLane  # noqa: E402
from smrt_integration.delivery.load import load  # noqa: E402
from smrt_integration.delivery.pack import pack  # noqa: E402

MAX_ROWS = 1_000_000
"""More than ever wait in the benchmark: load everything at once."""


def build_batches(part: int, parts: int) -> list[tuple[str, list[bytes]]]:
    """Return the batches of every n-th business, each with its write key."""
    lanes = [
        ClaimedLane(
            business, uuid4(), 0, 0, 0, fill.REGION, fill.write_key(business), "Europe/Berlin", None
        )
        for business in fill.business_ids()[part::parts]
    ]
    return [
        (lane_messages.lane.write_key, [message.wire for message in batch])
        for lane_messages in build(load(lanes, timezone.now(), MAX_ROWS))
        for batch in pack(lane_messages.tracks)
    ]


def main() -> None:
    batches = build_batches(int(sys.argv[1]), int(sys.argv[2]))
    with ThreadPoolExecutor(transport.MAX_IN_FLIGHT) as threads:
        print(f"{len(batches)} batches are ready.", flush=True)
        while sys.stdin.readline():
            for response in threads.map(
                lambda batch: segment.post(batch[0], settings.SEGMENT_HOST, batch[1]), batches
            ):
                assert response.status == 200, response


if __name__ == "__main__":
    main()
