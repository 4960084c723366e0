"""Rounds shrink when they take long, and grow again when they do not."""

import pytest

from smrt_integration.delivery.pace import FEWEST_ROWS, MOST_ROWS, ROUND_SECONDS, Pace


@pytest.mark.parametrize(
    ("rows", "seconds", "then"),
    [
        (2_000, ROUND_SECONDS, 2_000),
        (2_000, 2 * ROUND_SECONDS, 1_000),
        (2_000, 60.0, FEWEST_ROWS),
        (2_000, 0.0, MOST_ROWS),
        # so few rows say little: the round's queries took most of the time
        (10, 2 * ROUND_SECONDS, MOST_ROWS),
    ],
)
def test_the_next_round_takes_a_quarter_of_a_second(rows: int, seconds: float, then: int) -> None:
    pace = Pace()
    pace.note(rows, seconds)
    assert pace.rows == then


def test_rounds_grow_to_twice_the_last_at_most() -> None:
    pace = Pace()
    pace.note(2_000, 60.0)
    for expected in (500, 1_000, 2_000, 2_000):
        pace.note(pace.rows, 0.01)
        assert pace.rows == expected
