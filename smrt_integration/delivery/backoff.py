"""When to try again after failed attempts. Pure."""

from collections.abc import Callable
from typing import Final

FIRST_SECONDS: Final = 1.0
# After a long failure, a business sends again at most this much later than Segment recovers. A
# lower ceiling would only ask more often.
CEILING_SECONDS: Final = 600.0


def ceiling(failures: int) -> float:
    """Return the longest wait in seconds after this many failed attempts in a row (1 or more).

    It doubles from 1 s to 10 min.
    """
    # 2**10 seconds exceed the ceiling. A larger power would overflow after a thousand failures.
    return min(CEILING_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 10))


def seconds(failures: int, random: Callable[[], float]) -> float:
    """Return a wait with full jitter: anything up to the ceiling.

    Businesses that failed together then do not come back together.
    """
    return ceiling(failures) * random()
