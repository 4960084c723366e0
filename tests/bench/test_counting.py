"""The benchmark counts exactly; checked with tiny sizes."""

import json
from collections.abc import Iterator

import pytest
import requests
from django.conf import LazySettings
from django.db import connection

from bench import claiming, fill, latency, rounds
from bench.figures import Figure, median_of_runs
from bench.parts import PARTS, choose_parts
from bench.programs import Receiver, running
from bench.sales import load_tills
from bench.sizes import Sizes
from events.models import Lane, Outgoing, SendLog
from smrt_integration.delivery.deliver import Delivery

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    receiver = Receiver()
    with running(receiver):
        settings.SEGMENT_HOST = receiver.url
        yield receiver


def test_the_receiver_counts_messages_and_records_when_each_order_arrived(
    receiver: Receiver,
) -> None:
    receiver.reset(keep_orders=True)
    batch = [
        {"type": "identify", "messageId": "1"},
        {"type": "track", "messageId": "2", "properties": {"order_id": "N1-1"}},
        {"type": "track", "messageId": "3", "properties": {"order_id": "N1-2"}},
    ]
    for _ in range(2):
        requests.post(receiver.url + "/v1/batch", data=json.dumps({"batch": batch}), timeout=5)
    counts = receiver.counts()
    assert (counts["requests"], counts["tracks"], counts["identifies"]) == (2, 4, 2)
    assert sorted(counts["arrivals"]) == ["N1-1", "N1-2"]
    assert max(counts["arrivals"].values()) < counts["last_at"]


def test_the_receiver_responds_as_soon_as_enough_tracks_have_arrived(
    receiver: Receiver,
) -> None:
    receiver.reset(delay=0.2)
    requests.post(receiver.url + "/v1/batch", data=json.dumps({"type": "track"}), timeout=5)
    assert receiver.wait_for(1)["tracks"] == 1


def test_every_trait_and_every_property_of_an_order_event_has_a_value(
    receiver: Receiver,
) -> None:
    fill.create_businesses(businesses=2, customers=3, orders=4)
    fill.empty_outbox_and_log(identified=False)
    assert fill.fill_outbox() == 8
    Delivery().run()
    traits = [
        entry.message["traits"]
        for entry in SendLog.objects.filter(event="identify")
        if entry.message
    ]
    properties = [
        entry.message["properties"]
        for entry in SendLog.objects.exclude(event="identify")
        if entry.message
    ]
    assert len(traits) == 6
    assert len(properties) == 8
    assert [
        name
        for values in traits + properties
        for name, value in values.items()
        if value in (None, "", [])
    ] == []
    assert (receiver.counts()["tracks"], receiver.counts()["identifies"]) == (8, 6)


def test_known_customers_are_not_identified_again(receiver: Receiver) -> None:
    fill.create_businesses(businesses=1, customers=2, orders=2)
    fill.empty_outbox_and_log(identified=True)
    fill.fill_outbox()
    Delivery().run()
    assert fill.count_logged() == {("Order Returned", "accepted"): 2}
    assert not fill.is_anything_waiting()


def test_a_round_sends_as_many_statements_for_one_business_as_for_twenty(
    receiver: Receiver,
) -> None:
    rounds.count_statements(1)  # The first round also looks for the month's partitions.
    statements = []
    for businesses in (1, 20):
        fill.create_businesses(businesses, 1, 1)
        fill.empty_outbox_and_log(identified=True)
        fill.fill_outbox()
        statements.append(rounds.count_statements(businesses))
        assert fill.count_waiting() == 0
    assert statements[0] == statements[1]
    assert connection.connection.cursor_factory is not rounds.CountingCursor


def test_every_steady_save_is_committed_and_waits_to_be_sent() -> None:
    fill.create_businesses(businesses=1, customers=1, orders=0)
    fill.empty_outbox_and_log(identified=True)
    committed = latency.save_orders_steadily(load_tills(), 3, 1000.0)
    waiting = list(Outgoing.objects.order_by("id"))
    assert [row.facts["order_id"] for row in waiting] == list(committed)
    assert [(row.facts["agent"], row.facts["sold_by"]) for row in waiting] == [
        ("Market Street 2", "Robin Example 1")
    ] * 3


def test_claims_are_timed_with_and_without_dead_rows() -> None:
    (figure,) = claiming.measure_claims(Sizes(claim_lanes=3, claim_dead_rows=30))
    assert set(figure.extra) == {
        "one_waiting",
        "all_waiting",
        "all_waiting_crowded",
        "dead_rows",
        "dead_rows_from_zero",
        "lanes",
        "dead",
    }
    assert Lane.objects.filter(lease_until__isnull=False).count() == 0


def test_a_figure_is_one_json_line_with_the_median_of_its_runs() -> None:
    figure = median_of_runs("events_per_s", [3.0, 1.0, 2.00049], "events/s", events=7)
    assert json.loads(figure.as_line()) == {
        "name": "events_per_s",
        "value": 2.0,
        "unit": "events/s",
        "events": 7,
        "runs": [3.0, 1.0, 2.0],
    }
    assert Figure("x", 12_345.6, "us").as_line() == '{"name": "x", "value": 12300.0, "unit": "us"}'


@pytest.mark.parametrize("name", ["bulk", "bulk_events_per_s"])
def test_a_part_is_chosen_by_its_name_or_by_one_of_its_figures(name: str) -> None:
    assert [part.name for part in choose_parts([name])] == ["bulk"]
    assert choose_parts([]) == list(PARTS)


def test_an_unknown_name_ends_the_program_with_the_list_of_known_names() -> None:
    with pytest.raises(
        SystemExit, match=r"bulk_event: there is no such part or figure\. There are api, "
    ):
        choose_parts(["bulk_event"])
