"""An order is saved, a worker sends its event, Segment accepts it and the send log shows it."""

from collections.abc import Callable

from events.models import Integration, Outgoing, SendLog
from tests.conftest import WRITE_KEY
from tests.factories import BusinessFactory, CustomerFactory, OrderFactory
from tests.segment import SegmentStandIn
from tests.workers import Worker, wait_until


def test_an_order_reaches_segment_and_the_send_log(
    start_worker: Callable[..., Worker], segment: SegmentStandIn
) -> None:
    start_worker()
    business = BusinessFactory.create()
    Integration.objects.create(business=business, enabled=True, write_key=WRITE_KEY)
    order = OrderFactory.create(
        business=business, customer=CustomerFactory.create(business=business)
    )

    arrived = segment.wait_for(3, WRITE_KEY)

    assert [arrival.message.get("event", "identify") for arrival in arrived] == [
        "identify",
        "New Customer Signup",
        "Order Created",
    ]
    assert arrived[2].message["properties"]["order_id"] == order.number
    wait_until(lambda: not Outgoing.objects.exists(), "the outbox is empty")
    assert list(
        SendLog.objects.order_by("occurred_at", "id").values_list("event", "outcome", "attempts")
    ) == [
        ("New Customer Signup", "accepted", 1),
        ("identify", "accepted", 1),
        ("Order Created", "accepted", 1),
    ]
