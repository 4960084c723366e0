"""The response to a client under each fault, and whether its messages are accepted."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.devtools.segment_stub.requests_to_stub import EU_KEY, US_KEY, post, track, wait_for_value
from tests.segment import ReceivedRequest, SegmentStandIn


def _only_request(segment: SegmentStandIn) -> ReceivedRequest:
    (request,) = segment.requests()
    return request


def _wait_for_fault(segment: SegmentStandIn) -> None:
    wait_for_value(
        lambda: [one for one in segment.requests() if one.fault], "a request to meet a fault"
    )


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 429, 500, 503])
def test_status_is_answered_and_nothing_is_accepted(segment: SegmentStandIn, status: int) -> None:
    segment.fault("status", status=status)

    response = post(segment, {"batch": [track(), track()]})

    assert response.status_code == status
    assert response.json()["success"] is False
    assert "Retry-After" not in response.headers
    assert segment.messages() == []
    request = _only_request(segment)
    assert (
        request.status,
        request.fault,
        request.withheld,
        request.messages,
        request.write_key,
    ) == (status, "status", True, 2, US_KEY)


@pytest.mark.parametrize("retry_after", [7, "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_status_may_send_retry_after(segment: SegmentStandIn, retry_after: object) -> None:
    segment.fault("status", status=429, retry_after=retry_after)

    assert post(segment, {"batch": [track()]}).headers["Retry-After"] == str(retry_after)


def test_delay_answers_as_usual_but_later(segment: SegmentStandIn) -> None:
    segment.fault("delay", delay_ms=300)
    started = time.monotonic()

    response = post(segment, {"batch": [track()]})

    assert time.monotonic() - started >= 0.3
    assert (response.status_code, response.json()) == (200, {"success": True})
    assert len(segment.accepted()) == 1
    assert (
        _only_request(segment).fault,
        _only_request(segment).withheld,
        _only_request(segment).status,
    ) == ("delay", False, 200)


def test_many_delayed_requests_wait_in_parallel(segment: SegmentStandIn) -> None:
    segment.fault("delay", delay_ms=500)
    started = time.monotonic()

    with ThreadPoolExecutor(40) as pool:
        statuses = list(
            pool.map(lambda _: post(segment, {"batch": [track()]}).status_code, range(40))
        )

    assert statuses == [200] * 40
    assert time.monotonic() - started < 10


def test_hang_does_not_answer_and_accepts_nothing(segment: SegmentStandIn) -> None:
    segment.fault("hang")

    with pytest.raises(requests.ReadTimeout):
        post(segment, {"batch": [track()]}, timeout=0.3)

    assert segment.messages() == []
    request = _only_request(segment)
    assert (request.status, request.fault, request.withheld) == (None, "hang", True)


def test_clearing_a_hang_accepts_nothing_of_a_client_that_gave_up(
    segment: SegmentStandIn,
) -> None:
    segment.fault("hang")
    with pytest.raises(requests.ReadTimeout):
        post(segment, {"batch": [track()]}, timeout=0.3)

    segment.clear_faults()

    post(segment, {"batch": [track(event="Order Returned")]})
    assert [message["event"] for message in segment.accepted()] == ["Order Returned"]


def test_clearing_a_hang_sends_the_usual_response(segment: SegmentStandIn) -> None:
    segment.fault("hang", times=1)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, segment, {"batch": [track()]})
        _wait_for_fault(segment)
        assert not waiting.done()
        segment.clear_faults()
        assert waiting.result(timeout=20).json() == {"success": True}

    assert len(segment.accepted()) == 1
    assert (_only_request(segment).status, _only_request(segment).withheld) == (200, False)


def test_reset_cuts_held_requests_so_their_messages_never_arrive(segment: SegmentStandIn) -> None:
    segment.fault("hang")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, segment, {"batch": [track()]})
        _wait_for_fault(segment)
        segment.reset()
        assert isinstance(waiting.exception(timeout=20), requests.ConnectionError)

    assert (segment.messages(), segment.requests()) == ([], [])


def test_cut_ends_the_connection_without_a_response(segment: SegmentStandIn) -> None:
    segment.fault("cut")

    with pytest.raises(requests.ConnectionError):
        post(segment, {"batch": [track()]})

    assert segment.messages() == []
    request = _only_request(segment)
    assert (request.status, request.fault, request.withheld) == (None, "cut", True)


def test_accept_then_timeout_accepts_the_messages_and_does_not_answer(
    segment: SegmentStandIn,
) -> None:
    segment.fault("accept_then_timeout", times=1)
    message = track()

    with pytest.raises(requests.ReadTimeout):
        post(segment, {"batch": [message]}, timeout=0.3)

    assert segment.accepted() == [message]
    request = _only_request(segment)
    assert (request.status, request.fault, request.withheld) == (None, "accept_then_timeout", False)
    assert post(segment, {"batch": [message]}).status_code == 200
    assert [arrival.verdict for arrival in segment.messages()] == ["accepted", "dropped"]


def test_accept_then_cut_accepts_the_messages_and_ends_the_connection(
    segment: SegmentStandIn,
) -> None:
    segment.fault("accept_then_cut", times=1)
    message = track()

    with pytest.raises(requests.ConnectionError):
        post(segment, {"batch": [message]})

    assert segment.accepted() == [message]
    request = _only_request(segment)
    assert (request.status, request.fault, request.withheld) == (None, "accept_then_cut", False)


@pytest.mark.parametrize(("spec", "status"), [({}, 302), ({"status": 307}, 307)])
def test_redirect_names_another_address_and_accepts_nothing(
    segment: SegmentStandIn, spec: dict[str, Any], status: int
) -> None:
    segment.fault("redirect", location="http://127.0.0.1:9/elsewhere", **spec)

    response = post(segment, {"batch": [track()]})

    assert (response.status_code, response.headers["Location"]) == (
        status,
        "http://127.0.0.1:9/elsewhere",
    )
    assert segment.messages() == []
    assert _only_request(segment).withheld


def test_refuse_messages_refuses_exactly_the_requests_that_contain_the_text(
    segment: SegmentStandIn,
) -> None:
    segment.fault("refuse_messages", contains="order-13")
    good, bad = (
        track(properties={"order_id": "order-12"}),
        track(properties={"order_id": "order-13"}),
    )

    assert post(segment, {"batch": [good, bad]}).status_code == 400
    assert segment.messages() == []
    assert post(segment, {"batch": [bad]}).status_code == 400
    assert post(segment, {"batch": [good]}).status_code == 200

    assert segment.accepted() == [good]
    assert [(one.status, one.fault, one.withheld) for one in segment.requests()] == [
        (400, "refuse_messages", True),
        (400, "refuse_messages", True),
        (200, None, False),
    ]
    lines = [
        json.loads(line)
        for line in requests.get(segment.url + "/requests", timeout=20).iter_lines()
    ]
    assert [line["refusedIds"] for line in lines] == [
        [good["messageId"], bad["messageId"]],
        [bad["messageId"]],
        [],
    ]


def test_refuse_messages_finds_text_that_was_sent_as_escapes(segment: SegmentStandIn) -> None:
    segment.fault("refuse_messages", contains="Zoë")

    assert post(segment, {"batch": [track(properties={"sold_by": "Zoë"})]}).status_code == 400
    assert post(segment, {"batch": [track(properties={"sold_by": "Zoe"})]}).status_code == 200


def test_a_fault_applies_to_its_write_key_only(segment: SegmentStandIn) -> None:
    segment.fault("status", write_key=US_KEY, status=503)

    assert post(segment, {"batch": [track()]}, US_KEY).status_code == 503
    assert post(segment, {"batch": [track()]}, EU_KEY).status_code == 200
    assert (
        post(segment, {"batch": [track()], "writeKey": US_KEY}, write_key=None).status_code == 503
    )


def test_a_fault_applies_the_given_number_of_times_and_then_the_next_one_applies(
    segment: SegmentStandIn,
) -> None:
    segment.fault("status", status=500, times=2)
    segment.fault("status", status=429, times=1)

    assert [post(segment, {"batch": [track()]}).status_code for _ in range(4)] == [
        500,
        500,
        429,
        200,
    ]


def test_the_fault_of_a_key_applies_before_that_of_every_key(segment: SegmentStandIn) -> None:
    segment.fault("status", status=500)
    segment.fault("status", write_key=US_KEY, status=401, times=1)

    assert [post(segment, {"batch": [track()]}).status_code for _ in range(2)] == [401, 500]


def test_a_new_fault_replaces_the_endless_one_of_its_key(segment: SegmentStandIn) -> None:
    segment.fault("hang")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(post, segment, {"batch": [track()]})
        _wait_for_fault(segment)
        segment.fault("status", status=503)
        assert waiting.result(timeout=20).status_code == 200

    assert post(segment, {"batch": [track()]}).status_code == 503


def test_clearing_the_faults_of_a_key_leaves_the_others(segment: SegmentStandIn) -> None:
    segment.fault("status", write_key=US_KEY, status=503)
    segment.fault("status", write_key=EU_KEY, status=503)

    segment.clear_faults(US_KEY)

    assert post(segment, {"batch": [track()]}, US_KEY).status_code == 200
    assert post(segment, {"batch": [track()]}, EU_KEY).status_code == 503


def test_a_fault_applies_before_the_request_is_validated(segment: SegmentStandIn) -> None:
    segment.fault("status", write_key=US_KEY, status=503)

    assert post(segment, b"no JSON").status_code == 503
