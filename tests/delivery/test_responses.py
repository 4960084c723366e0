"""What each response of Segment means (contract, section 4)."""

import pytest

from smrt_integration.delivery import responses
from smrt_integration.delivery.responses import SLOW_DOWN_SECONDS, Decision, interpret


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_2xx_accepts(status: int) -> None:
    response = interpret(status, None)

    assert (response.decision, response.status, response.error, response.wait_seconds) == (
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
def test_refused_settings_halt_the_lane_and_the_error_says_what_to_do(
    status: int, advice: str
) -> None:
    response = interpret(status, None)

    assert (response.decision, response.status, response.wait_seconds) == (
        Decision.HALT,
        status,
        None,
    )
    assert advice in response.error


def test_400_bisects_the_batch() -> None:
    assert interpret(400, None).decision is Decision.BISECT


def test_413_splits_the_batch() -> None:
    assert interpret(413, None).decision is Decision.SPLIT


@pytest.mark.parametrize(
    "status", [301, 302, 303, 307, 308, 408, 410, 460, 500, 501, 502, 503, 504, 508, 599]
)
def test_other_failures_keep_everything_and_count_as_failed(status: int) -> None:
    response = interpret(status, None)

    assert (response.decision, response.status, response.wait_seconds) == (
        Decision.BACK_OFF,
        status,
        None,
    )
    assert f"(it answered {status})" in response.error


def test_429_without_a_time_backs_off_for_some_seconds() -> None:
    assert (interpret(429, None).decision, interpret(429, None).wait_seconds) == (
        Decision.BACK_OFF,
        SLOW_DOWN_SECONDS,
    )


@pytest.mark.parametrize("status", [302, 408, 410, 429, 460, 500, 503])
@pytest.mark.parametrize(("told", "waits"), [(0.0, 1.0), (1.0, 1.0), (7.0, 7.0), (300.0, 300.0)])
def test_retry_after_is_obeyed_with_any_status_and_for_at_least_a_second(
    status: int, told: float, waits: float
) -> None:
    response = interpret(status, told)

    assert (response.decision, response.wait_seconds) == (Decision.BACK_OFF, waits)


@pytest.mark.parametrize(
    "response", [responses.timed_out(), responses.unreachable(), responses.our_error()]
)
def test_no_response_keeps_everything_and_counts_as_failed(response: responses.Response) -> None:
    assert (response.decision, response.status, response.wait_seconds) == (
        Decision.BACK_OFF,
        None,
        None,
    )
    assert response.error.endswith(".")


@pytest.mark.parametrize("status", range(300, 600))
def test_no_error_status_accepts(status: int) -> None:
    assert interpret(status, None).decision is not Decision.ACCEPT
    assert interpret(status, None).error.endswith(".")
