"""Backoff with full jitter: the ceiling doubles from 1 s to 10 minutes, however many failures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smrt_integration.delivery.backoff import ceiling, seconds

failures = st.integers(1, 10**12)


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [(1, 1), (2, 2), (3, 4), (4, 8), (9, 256), (10, 512), (11, 600), (12, 600), (10**12, 600)],
)
def test_the_ceiling_doubles_from_a_second_to_ten_minutes(failed: int, seconds: float) -> None:
    assert ceiling(failed) == seconds


@given(failures)
def test_the_ceiling_never_shrinks_and_never_exceeds_ten_minutes(failed: int) -> None:
    assert 1 <= ceiling(failed) <= ceiling(failed + 1) <= 600


@given(failures, st.floats(0, 1, exclude_max=True))
def test_a_wait_is_a_random_share_of_the_ceiling(failed: int, share: float) -> None:
    assert seconds(failed, lambda: share) == ceiling(failed) * share
    assert 0 <= seconds(failed, lambda: share) <= ceiling(failed)
