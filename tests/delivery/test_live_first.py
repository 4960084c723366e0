"""What happens live is sent before bulk messages of the same business, in each customer's order."""

from typing import Any

import pytest

from customers.models import Business, Customer
from events.clock import database_now
from events.identify import IDENTIFY
from events.models import Lane, Outgoing
from events.outbox.fan_out import identify_known_customers
from events.outbox.lane_order import MAX_TAKEN_ALONG
from events.outbox.read import BULK_SHARE, MOST_BULK
from smrt_integration.delivery.build import build
from smrt_integration.delivery.claim import claim_lanes
from smrt_integration.delivery.load import MAX_ROWS_PER_LANE, load
from tests.conftest import WRITE_KEY
from tests.delivery.sending_businesses import (
    add_bulk_visits,
    add_visits,
    deliver,
    sending_business,
    sign_up,
    time_passes,
    waiting,
)
from tests.segment import SegmentStandIn

pytestmark = pytest.mark.django_db(transaction=True)

BACKLOG = 5_000


@pytest.fixture
def business(transactional_db: None) -> Business:
    return sending_business(WRITE_KEY)


@pytest.fixture
def customers(business: Business, segment: SegmentStandIn) -> tuple[Customer, Customer]:
    """Two customers whom Segment knows."""
    both = sign_up(business), sign_up(business)
    deliver()
    segment.reset()
    return both


def next_round() -> list[Outgoing]:
    """Return what a worker would take now, in the order of posting: live, then bulk."""
    now = database_now()
    (messages,) = build(load(claim_lanes(now, 1), now))
    Lane.objects.update(lease_token=None, lease_until=None)
    rows = Outgoing.objects.in_bulk([message.row.id for message in messages.to_post])
    return [
        rows[message.row.id]
        for message in sorted(messages.to_post, key=messages.is_live, reverse=True)
    ]


def recorded(customer: Customer) -> list[str]:
    """Return the ids of the customer's waiting messages, oldest first."""
    return [row.message_id for row in waiting(customer=customer)]


def arrived(segment: SegmentStandIn, customer: Customer) -> list[str]:
    """Return the ids of the customer's messages in the order in which Segment got them."""
    user_id = str(customer.uuid)
    return [m["messageId"] for m in segment.accepted() if m["userId"] == user_id]


def user_ids(messages: list[dict[str, Any]]) -> list[str]:
    return [message["userId"] for message in messages]


def test_a_live_event_is_in_the_next_request_whatever_the_backlog(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, ben = customers
    add_bulk_visits(BACKLOG, ann)
    add_visits(1, ben)

    deliver()

    assert segment.requests()[0].messages == 1
    accepted = segment.accepted()
    assert user_ids(accepted[:1]) == [str(ben.uuid)]
    assert len(accepted) == BACKLOG + 1


def test_a_live_event_takes_its_customers_earlier_ones_along(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, ben = customers
    add_bulk_visits(MAX_ROWS_PER_LANE, ben)
    add_bulk_visits(2, ann)
    add_visits(1, ann)
    add_bulk_visits(1, ann)
    of_ann = recorded(ann)

    deliver()

    assert segment.requests()[0].messages == 3
    assert [message["messageId"] for message in segment.accepted()[:3]] == of_ann[:3]
    assert arrived(segment, ann) == of_ann


def test_a_live_event_with_many_earlier_ones_waits_for_all_of_them(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, _ = customers
    add_bulk_visits(2 * MAX_TAKEN_ALONG + 1, ann)
    add_visits(1, ann)
    of_ann = recorded(ann)

    assert [row.message_id for row in next_round()] == of_ann[:MAX_TAKEN_ALONG]
    deliver()

    assert [message["messageId"] for message in segment.accepted()] == of_ann


def test_a_round_does_not_grow_without_bound_by_what_is_taken_along(
    business: Business, segment: SegmentStandIn
) -> None:
    customers = [sign_up(business) for _ in range(60)]
    deliver()
    add_bulk_visits(20, *customers)
    add_visits(1, *customers)
    expected = {customer.pk: recorded(customer) for customer in customers}

    assert len(next_round()) <= 2 * MAX_ROWS_PER_LANE
    segment.reset()
    deliver()

    for customer in customers:
        assert arrived(segment, customer) == expected[customer.pk]


def test_a_live_event_takes_the_identify_of_a_changed_brand_along(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, ben = customers
    ann.business.name = "Another name"
    Customer.objects.filter(pk=ann.pk).update(first_name="Changed")
    assert identify_known_customers(ann.business_id, [ben.pk, ann.pk], database_now()) == 2
    add_visits(1, ann)

    deliver()

    messages = segment.accepted()
    assert user_ids(messages[:2]) == [str(ann.uuid)] * 2
    assert [message["type"] for message in messages[:2]] == ["identify", "track"]


def test_bulk_messages_keep_a_share_under_constant_live_load(
    customers: tuple[Customer, Customer],
) -> None:
    ann, ben = customers
    add_bulk_visits(MAX_ROWS_PER_LANE, ann)
    add_visits(2 * MAX_ROWS_PER_LANE, ben)

    taken = next_round()

    assert [row.is_bulk for row in taken].count(False) == MAX_ROWS_PER_LANE
    assert [row.is_bulk for row in taken].count(True) == MAX_ROWS_PER_LANE * BULK_SHARE


def test_a_round_takes_few_bulk_messages_because_a_live_one_would_wait_for_it(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, _ = customers
    add_bulk_visits(2 * MOST_BULK + 1, ann)
    of_ann = recorded(ann)
    assert [row.message_id for row in next_round()] == of_ann[:MOST_BULK]
    deliver()
    assert arrived(segment, ann) == of_ann


def test_a_bulk_event_never_overtakes_an_earlier_live_one(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    """Also if the live one is not among those that a round takes."""
    ann, ben = customers
    add_visits(MAX_ROWS_PER_LANE, ben)
    add_visits(1, ann)
    add_bulk_visits(1, ann)
    of_ann = recorded(ann)

    assert all(row.customer_id == ben.pk for row in next_round())
    deliver()

    assert arrived(segment, ann) == of_ann


def test_a_save_makes_a_waiting_bulk_identify_live(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, ben = customers
    Customer.objects.update(first_name="Changed")
    identify_known_customers(ann.business_id, [ann.pk, ben.pk], database_now())
    assert [row.is_bulk for row in waiting(event=IDENTIFY)] == [True, True]
    newest = waiting()[-1].pk
    # as if all live rows up to the newest had been sent long ago
    Lane.objects.update(floor=newest, next_floor=newest)

    ben.first_name = "Ben"
    ben.save()
    (live,) = waiting(is_bulk=False)
    assert (live.customer_id, live.event) == (ben.pk, IDENTIFY)
    deliver()

    assert user_ids(segment.accepted()) == [str(ben.uuid), str(ann.uuid)]


def test_a_brand_that_changes_leaves_a_waiting_live_identify_live(
    customers: tuple[Customer, Customer],
) -> None:
    ann, _ = customers
    ann.first_name = "Live"
    ann.save()

    identify_known_customers(ann.business_id, [ann.pk], database_now())

    assert [row.is_bulk for row in waiting()] == [False]


def test_a_failure_of_bulk_messages_holds_the_whole_lane(
    customers: tuple[Customer, Customer], segment: SegmentStandIn
) -> None:
    ann, ben = customers
    add_bulk_visits(1, ann)
    segment.fault("status", status=503)
    deliver()
    add_visits(1, ben)

    deliver()
    assert len(segment.requests()) == 1

    segment.clear_faults()
    time_passes()
    deliver()
    assert user_ids(segment.accepted()) == [str(ben.uuid), str(ann.uuid)]


def test_a_new_customers_identify_is_as_urgent_as_their_event(
    business: Business, segment: SegmentStandIn
) -> None:
    """Otherwise it would be sent live while a thousand bulk first contacts fail before it."""
    segment.fault("status", status=503)
    ann, ben = sign_up(business), sign_up(business)
    Outgoing.objects.all().delete()
    add_bulk_visits(1, ann)
    add_visits(1, ben)

    deliver()

    assert {(r.customer_id, r.is_bulk) for r in waiting(event=IDENTIFY)} == {
        (ann.pk, True),
        (ben.pk, False),
    }


def test_what_a_dead_worker_took_along_counts_as_posted(
    customers: tuple[Customer, Customer],
) -> None:
    ann, ben = customers
    add_bulk_visits(1_500, ben)
    add_bulk_visits(1, ann)
    add_visits(1, ann)
    Outgoing.objects.update(recorded_at="2026-01-01T00:00Z")
    now = database_now()
    build(load(claim_lanes(now, 1), now))
    time_passes()

    claimed = claim_lanes(database_now(), 1)
    load(claimed, database_now())

    of_ann = waiting(customer=ann)
    assert [row.unanswered_at is not None for row in of_ann] == [True, True]
