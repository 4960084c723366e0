"""The time of a number: how many texts it may send, by the limit of texts a second."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from customers.texts.pace import CREDIT, idle_since, texts_allowed, time_after

NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("next_at", "per_second", "allowed"),
    [
        (0.001, 1, 0),
        (0, 1, 1),
        (-60, 1, 1),
        (-60, 9, 1),
        (-0.05, 100, 6),
        (-0.1, 100, 11),
        (-60, 100, 11),
    ],
)
def test_an_idle_number_may_send_little_more_than_one(
    next_at: float, per_second: int, allowed: int
) -> None:
    assert texts_allowed(after(next_at), NOW, per_second) == allowed


def test_each_text_moves_the_time_on() -> None:
    assert time_after(NOW, NOW, 3, 10) == after(0.3)
    assert time_after(after(-0.05), NOW, 1, 1) == after(0.95)
    assert time_after(after(-60), NOW, 1, 1) == after(1) - CREDIT
    assert time_after(NOW, NOW, 0, 10) == NOW


@pytest.mark.parametrize("per_second", [1, 3, 10, 100])
def test_the_limit_holds_in_every_second_and_is_reached(per_second: int) -> None:
    random, now, next_at = Random(per_second), NOW, idle_since(NOW)
    sent: list[datetime] = []
    while now < after(60):
        allowed = texts_allowed(next_at, now, per_second)
        sent += [now] * allowed
        next_at = time_after(next_at, now, allowed, per_second)
        now += timedelta(seconds=random.uniform(0.02, 0.1))
    for number, first in enumerate(sent):
        ahead = sent[number + int(per_second * 1.1) + 1 :]
        assert not ahead or ahead[0] >= first + timedelta(seconds=1)
    assert len(sent) == pytest.approx(60 * per_second, abs=per_second * 0.2 + 1)
