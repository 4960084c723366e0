"""How long a live order takes from commit to acceptance while all sweeps and many texts are due.

Quiet first, then with a hundred thousand nightly texts, lost customers, birthdays and spending all
due at once, as on the evening on which a worker was switched on again.
"""

from collections.abc import Iterator

from django.db import connection

from bench import fill
from bench.figures import Figure
from bench.latency import WORKER_PROCESSES, save_orders_steadily
from bench.live_orders import ORDERS_PER_SECOND, measure_orders
from bench.programs import Beat, Receiver, Worker, running
from bench.sales import load_tills
from bench.sizes import Sizes
from bench.texts import TwilioStandIn, insert_texts
from events import wake
from smrt_integration import schedules

WARM_UP_ORDERS = 250
"""Enough for all processes to have started and opened their connections."""
CHORES = ("sweep_lost", "sweep_birthdays", "sweep_spending", "send_texts")

# A fifth of the customers was last seen long ago, and a hundredth has a birthday today.
MAKE_DUE = """
UPDATE customers_customer SET last_visit = now() - interval '200 days' WHERE id % 5 = 0;
UPDATE events_integration SET enabled_at = now() - interval '1 year',
    birthday_field_since = now() - interval '1 year', birthday_hour = 0;
UPDATE customers_customfieldvalue v SET value = to_char(now(), '"1990-"MM-DD')
FROM customers_customfield f
WHERE f.id = v.field_id AND f.kind = 'DATE' AND v.customer_id % 100 = 0;
TRUNCATE events_sweepdone
"""


def measure_busy_evening(sizes: Sizes) -> Iterator[Figure]:
    """Measure the 99th percentile while nothing else is due, and while everything is."""
    fill.create_businesses(sizes.evening_businesses, sizes.evening_customers, 2_000)
    fill.empty_outbox_and_log(identified=True)
    schedules.create_missing()
    tills = load_tills()[:1_000]
    receiver, twilio = Receiver(), TwilioStandIn(sizes.texts_delay)
    with running(receiver, twilio):
        worker = Worker(receiver.url, WORKER_PROCESSES, environment=twilio.environment)
        with running(worker, Beat()):
            receiver.reset(keep_orders=True)
            save_orders_steadily(tills, WARM_UP_ORDERS, ORDERS_PER_SECOND)
            receiver.wait_for(WARM_UP_ORDERS)
            count = int(ORDERS_PER_SECOND * sizes.evening_seconds)
            yield measure_orders("quiet_evening", receiver, tills, count)
            insert_texts()
            with connection.cursor() as cursor:
                cursor.execute(MAKE_DUE)
            for chore in CHORES:
                wake.publish(f"smrt_integration.tasks.{chore}")
            yield measure_orders("busy_evening", receiver, tills, count)
