"""Results are recorded once they can be, also after the run that sent the texts."""

from collections.abc import Mapping

import pytest
from django.db import OperationalError

from customers.texts.backends import ConsoleBackend
from customers.texts.in_flight import TextsInFlight, wait_for_requests
from customers.texts.send_results import SendResult, Sent, TextToSend, Unconfirmed

TEXTS = [TextToSend(number, "+14155550111", "+15105550100", "Hello") for number in (1, 2)]


class FailingBackend(ConsoleBackend):
    """Fail to send the first text in an unexpected way."""

    def send(self, text: TextToSend) -> SendResult:
        if text.id == 1:
            raise ValueError("a bug")
        return super().send(text)


def test_a_failure_to_send_one_text_leaves_it_unconfirmed_and_sends_the_others() -> None:
    recorded: dict[int, SendResult] = {}
    with TextsInFlight(FailingBackend(), recorded.update) as in_flight:
        in_flight.start(TEXTS)
        while in_flight:
            in_flight.record_completed(1)
    assert recorded == {1: Unconfirmed(), 2: Sent()}
    assert in_flight.counts == {"unconfirmed": 1, "sent": 1}


def test_results_are_recorded_when_the_database_is_back() -> None:
    attempts: list[dict[int, SendResult]] = []

    def record(results: Mapping[int, SendResult]) -> None:
        attempts.append(dict(results))
        if len(attempts) <= 2:
            raise OperationalError("the database is away")

    with TextsInFlight(ConsoleBackend(), record) as in_flight:
        in_flight.start(TEXTS[:1])
        with pytest.raises(OperationalError):
            in_flight.record_completed(60)
    wait_for_requests()
    assert attempts == [{1: Sent()}] * 3
    assert len(in_flight) == 0
