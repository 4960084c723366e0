"""When to try again. Pure."""

from collections.abc import Callable

FIRST_SECONDS = 1.0
# A business is behind by at most this long once Segment is well again; asking more often would not make it well sooner.
LONGEST_SECONDS = 600.0


def ceiling(failures: int) -> float:
    """The longest wait after this many failed attempts in a row (1 or more): doubling from 1 s to 10 min."""
    # 2**10 seconds are past the longest wait, and an unbounded power would overflow a float after a thousand failures
    return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 10))


def seconds(failures: int, random: Callable[[], float]) -> float:
    """Full jitter: anything up to the ceiling, so that businesses that failed together do not come back together."""
    return ceiling(failures) * random()
