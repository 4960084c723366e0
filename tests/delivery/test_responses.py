"""What each answer of Segment means (contract, section 4)."""

import pytest

from smrt_integration.delivery import responses
from smrt_integration.delivery.responses import SLOW_DOWN_SECONDS, Decision, decide


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_accepted(status: int) -> None:
    answer = decide(status, None)

    assert (answer.decision, answer.status, answer.error, answer.wait_seconds) == (
        Decision.ACCEPT,
        status,
        "",
        None,
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Copy the write key from Segment"),
        (403, "Check in Segment that the source is enabled"),
        (404, "Check the region and the write key"),
        (405, "Check the region"),
    ],
)
def test_a_refused_config_stops_the_business_and_says_what_to_do(status: int, advice: str) -> None:
    answer = decide(status, None)

    assert (answer.decision, answer.status, answer.wait_seconds) == (Decision.HALT, status, None)
    assert advice in answer.error


def test_400_halves_the_batch() -> None:
    assert decide(400, None).decision is Decision.BISECT


def test_413_splits_the_batch() -> None:
    assert decide(413, None).decision is Decision.SPLIT


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 408, 410, 460, 500, 501, 502, 503, 504, 508, 599]
)
def test_other_failures_keep_everything_and_count_as_failed(status: int) -> None:
    answer = decide(status, None)

    assert (answer.decision, answer.status, answer.wait_seconds) == (
        Decision.BACK_OFF,
        status,
        None,
    )
    assert f"(it answered {status})" in answer.error


def test_429_waits_though_it_does_not_say_how_long() -> None:
    assert (decide(429, None).decision, decide(429, None).wait_seconds) == (
        Decision.BACK_OFF,
        SLOW_DOWN_SECONDS,
    )


@pytest.mark.parametrize("status", [302, 408, 410, 429, 460, 500, 503])
@pytest.mark.parametrize(("told", "waits"), [(0.0, 1.0), (1.0, 1.0), (7.0, 7.0), (300.0, 300.0)])
def test_retry_after_is_obeyed_whatever_the_status_but_for_a_second_at_least(
    status: int, told: float, waits: float
) -> None:
    answer = decide(status, told)

    assert (answer.decision, answer.wait_seconds) == (Decision.BACK_OFF, waits)


@pytest.mark.parametrize(
    "answer", [responses.timed_out(), responses.unreachable(), responses.failed()]
)
def test_no_answer_at_all_keeps_everything_and_counts_as_failed(answer: responses.Response) -> None:
    assert (answer.decision, answer.status, answer.wait_seconds) == (Decision.BACK_OFF, None, None)
    assert answer.error.endswith(".")


@pytest.mark.parametrize("status", range(300, 600))
def test_no_failure_is_taken_for_a_success(status: int) -> None:
    assert decide(status, None).decision is not Decision.ACCEPT
    assert decide(status, None).error.endswith(".")
