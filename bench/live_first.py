"""How long an order takes from commit to acceptance while its business has much else to send.

Before each measurement a backlog of bulk messages waits: events as of lost customers, then the
identifies of a renamed brand. Orders are saved until the backlog is sent.
"""

from collections.abc import Callable, Iterator

from django.db import connection
from django.utils import timezone

from bench import fill
from bench.figures import Figure
from bench.latency import WORKER_PROCESSES, save_orders_steadily
from bench.live_orders import ORDERS_PER_SECOND, p99_figure, waits_of
from bench.programs import Beat, Receiver, Worker, running, wait_until
from bench.sales import Till, load_tills
from bench.sizes import Sizes
from customers.models import Customer
from events.outbox.fan_out import identify_known_customers
from smrt_integration import schedules

WARM_UP_ORDERS = 25
CUSTOMERS_PER_INSERT = 2_000
MAKE_BULK = "UPDATE events_outgoing SET is_bulk = TRUE"


def measure_live_first(sizes: Sizes) -> Iterator[Figure]:
    """Measure the 99th percentile behind events, and behind identifies."""
    fill.create_businesses(1, sizes.live_backlog // 4, sizes.live_backlog)
    schedules.create_missing()
    tills = load_tills()
    receiver = Receiver()
    with running(receiver):
        worker, beat = Worker(receiver.url, WORKER_PROCESSES), Beat()
        with running(worker, beat):
            for name, let_wait in (("events", bulk_events), ("identifies", bulk_identifies)):
                yield _measure(name, let_wait, receiver, tills, sizes)


def bulk_events() -> int:
    """Let an event of each order wait. Returns their number."""
    with connection.cursor() as cursor:
        cursor.execute(fill.INSERT_EVENTS)
        count: int = cursor.rowcount
        cursor.execute(MAKE_BULK)
    return count


def bulk_identifies() -> int:
    """Let an identify of each customer wait, as after a change of their brand."""
    customers = list(Customer.objects.values_list("pk", "business_id"))
    for start in range(0, len(customers), CUSTOMERS_PER_INSERT):
        chunk = customers[start : start + CUSTOMERS_PER_INSERT]
        identify_known_customers(chunk[0][1], [pk for pk, _ in chunk], timezone.now())
    return 0


def _measure(
    name: str,
    let_wait: Callable[[], int],
    receiver: Receiver,
    tills: list[Till],
    sizes: Sizes,
) -> Figure:
    fill.empty_outbox_and_log(identified=True)
    receiver.reset(keep_orders=True, delay=sizes.live_delay)
    save_orders_steadily(tills, WARM_UP_ORDERS, ORDERS_PER_SECOND)
    receiver.wait_for(WARM_UP_ORDERS)
    backlog = let_wait()
    count = int(ORDERS_PER_SECOND * sizes.live_seconds)
    committed = save_orders_steadily(tills, count, ORDERS_PER_SECOND)
    arrivals = receiver.wait_for(WARM_UP_ORDERS + backlog + count)["arrivals"]
    wait_until(lambda: not fill.is_anything_waiting(), "the outbox is empty")
    return p99_figure(
        f"live_behind_{name}",
        waits_of(committed, arrivals),
        backlog=backlog or Customer.objects.count(),
    )
