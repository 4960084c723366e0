"""What each answer of Segment means (contract, section 4)."""

import pytest

from smrt_integration.delivery import answers
from smrt_integration.delivery.answers import SLOW_DOWN_SECONDS, Verdict, read


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_is_accepted(status: int) -> None:
    answer = read(status, None)

    assert (answer.verdict, answer.status, answer.error, answer.wait_seconds) == (
        Verdict.ACCEPTED,
        status,
        "",
        None,
    )


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "Copy it from Segment again"),
        (403, "Check in Segment that the source is enabled"),
        (404, "Check the region and the write key"),
        (405, "Check the region"),
    ],
)
def test_a_refused_config_stops_the_business_and_says_what_to_do(status: int, advice: str) -> None:
    answer = read(status, None)

    assert (answer.verdict, answer.status, answer.wait_seconds) == (Verdict.STOP, status, None)
    assert advice in answer.error


def test_400_halves_the_batch() -> None:
    assert read(400, None).verdict is Verdict.HALVE


def test_413_splits_the_batch() -> None:
    assert read(413, None).verdict is Verdict.TOO_LARGE


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 408, 410, 460, 500, 501, 502, 503, 504, 508, 599]
)
def test_other_failures_keep_everything_and_count_as_failed(status: int) -> None:
    answer = read(status, None)

    assert (answer.verdict, answer.status, answer.wait_seconds) == (Verdict.WAIT, status, None)
    assert f"(it answered {status})" in answer.error


def test_429_waits_though_it_does_not_say_how_long() -> None:
    assert (read(429, None).verdict, read(429, None).wait_seconds) == (
        Verdict.WAIT,
        SLOW_DOWN_SECONDS,
    )


@pytest.mark.parametrize("status", [302, 408, 410, 429, 460, 500, 503])
@pytest.mark.parametrize(("told", "waits"), [(0.0, 1.0), (1.0, 1.0), (7.0, 7.0), (300.0, 300.0)])
def test_retry_after_is_obeyed_whatever_the_status_but_for_a_second_at_least(
    status: int, told: float, waits: float
) -> None:
    answer = read(status, told)

    assert (answer.verdict, answer.wait_seconds) == (Verdict.WAIT, waits)


@pytest.mark.parametrize("answer", [answers.timed_out(), answers.unreachable(), answers.failed()])
def test_no_answer_at_all_keeps_everything_and_counts_as_failed(answer: answers.Answer) -> None:
    assert (answer.verdict, answer.status, answer.wait_seconds) == (Verdict.WAIT, None, None)
    assert answer.error.endswith(".")


@pytest.mark.parametrize("status", range(300, 600))
def test_no_failure_is_taken_for_a_success(status: int) -> None:
    assert read(status, None).verdict is not Verdict.ACCEPTED
    assert read(status, None).error.endswith(".")
