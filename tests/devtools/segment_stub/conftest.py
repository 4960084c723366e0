from collections.abc import Iterator

import pytest

from tests.segment import SegmentStandIn


@pytest.fixture(scope="session")
def _stand_in() -> Iterator[SegmentStandIn]:
    with SegmentStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def segment(_stand_in: SegmentStandIn) -> SegmentStandIn:
    """One process for all of these tests. It is reset for each."""
    _stand_in.reset()
    return _stand_in
