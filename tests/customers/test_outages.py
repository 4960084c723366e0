"""The outage of a server is logged in few lines, however often it is tried."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from customers import outages
from customers.outages import Outage


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(clock: Clock) -> Outage:
    return Outage("redis", clock)


def lines(logged: list[Any]) -> list[tuple[str, int | None, float | None]]:
    return [(line["event"], line.get("failures"), line.get("seconds")) for line in logged]


def test_an_outage_has_a_line_at_its_start_and_its_end_and_counts_between(
    clock: Clock, outage: Outage
) -> None:
    with capture_logs() as logged:
        outage.worked()
        for _ in range(150):
            outage.failed(ConnectionError("redis://:secret@host"))
            clock.now += 1
        states = [outage.is_under_way]
        outage.worked()
        outage.worked()
        states.append(outage.is_under_way)

    assert states == [True, False]
    assert lines(logged) == [
        ("server_away", None, None),
        ("server_still_away", 61, 60.0),
        ("server_still_away", 121, 120.0),
        ("server_back", 150, 150.0),
    ]
    assert {line["server"] for line in logged} == {"redis"}
    assert "secret" not in str(logged)


def test_each_of_a_few_outages_has_its_lines(clock: Clock, outage: Outage) -> None:
    with capture_logs() as logged:
        for _ in range(2):
            outage.failed("refused")
            clock.now += 1
            outage.worked()

    assert lines(logged) == [("server_away", None, None), ("server_back", 1, 1.0)] * 2


def test_a_server_that_comes_and_goes_has_few_lines_and_no_failure_is_left_out(
    clock: Clock, outage: Outage
) -> None:
    with capture_logs() as logged:
        for _ in range(600):
            outage.failed("refused")
            clock.now += 0.2
            outage.worked()

    assert len(logged) <= 2 * 3 * outages.MAX_OUTAGES_PER_COUNT
    assert sum(line.get("failures", 0) for line in logged) > 300
