"""Peer: only posting ready-made batches, through the same SDK and from as many threads. The limit for whoever must also load, build and
settle. `python -m bench.peers.post_only PART OF`: builds its part of what waits, then posts all of it at every line of its input."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from django import setup

setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import fill  # noqa: E402
from smrt_integration.delivery import build, segment  # noqa: E402
from smrt_integration.delivery.claim import ClaimedLane  # noqa: E402
from smrt_integration.delivery.pack import pack  # noqa: E402

EVERYTHING = 1_000_000


def batches(part: int, of: int) -> list[tuple[str, list[dict[str, Any]]]]:
    """With the write key of each."""
    lanes = [
        ClaimedLane(
            business, uuid4(), 0, 0, 0, fill.REGION, fill.write_key(business), "Europe/Berlin", None
        )
        for business in fill.business_ids()[part::of]
    ]
    loads = build.load(lanes, timezone.now(), EVERYTHING)
    return [
        (load.lane.write_key, [parcel.message for parcel in batch])
        for load in loads
        for batch in pack(load.tracks)
    ]


def main() -> None:
    ready = batches(int(sys.argv[1]), int(sys.argv[2]))
    with ThreadPoolExecutor(segment.THREADS) as threads:
        print(f"{len(ready)} batches are ready.", flush=True)
        while sys.stdin.readline():
            for answer in threads.map(
                lambda batch: segment.post(batch[0], settings.SEGMENT_HOST, batch[1]), ready
            ):
                assert answer.status == 200, answer


if __name__ == "__main__":
    main()
