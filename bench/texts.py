"""How many nightly texts a second one worker sends, with a Twilio that responds after 0.4 s."""

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from bench import fill
from bench.figures import Figure, median_of_runs
from bench.programs import Program, Worker, running, wait_until
from bench.sizes import Sizes
from customers.models import NightlyText
from devtools.twilio_stub.account import ACCOUNT, TOKEN
from events import wake

WORKER_PROCESSES = 2
SEND_TEXTS = "smrt_integration.tasks.send_texts"
PER_SECOND = 3
"""What Twilio sends from one toll-free number."""

INSERT_SETTINGS = """
INSERT INTO customers_textsettings (
    business_id, enabled, hour, van_leaves, number, language, also_understood, wording,
    own_no, own_stop, own_start, problem
)
SELECT id, TRUE, 18, 8, '+1' || 2000000000 + id, 'en', '{}', '', '', '', '', ''
FROM customers_business
"""
INSERT_PICKUPS = """
INSERT INTO customers_pickuprequest (
    uuid, business_id, customer_id, pickup_date, scheduled_by, status, canceled_via, created_at
)
SELECT
    gen_random_uuid(), business_id, id, CURRENT_DATE + 1, 'Employee', 'scheduled', '', now()
FROM customers_customer
"""
INSERT_TEXTS = """
INSERT INTO customers_nightlytext (
    business_id, customer_id, pickup_id, pickup_date, until, status, reason, attempts,
    next_at, created_at, phone, sender, sid
)
SELECT
    business_id, customer_id, id, pickup_date, %s, 'waiting', '', 0, now(), now(), '', '', ''
FROM customers_pickuprequest
"""


class TwilioStandIn(Program):
    def __init__(self, delay: float) -> None:
        super().__init__("devtools.twilio_stub", "--port", "0", "--delay", str(delay))
        self.wait_for_output("http://")
        self.url = self.printed.split()[-1]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "TEXTS_BACKEND": "twilio",
            "TWILIO_HOST": self.url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TEXTS_PER_SECOND": str(PER_SECOND),
        }


def measure_texts(sizes: Sizes) -> Iterator[Figure]:
    customers = sizes.texts // sizes.texts_businesses
    stand_in = TwilioStandIn(sizes.texts_delay)
    with running(stand_in):
        worker = Worker("http://127.0.0.1:1", WORKER_PROCESSES, environment=stand_in.environment)
        with running(worker):
            rates, cpu = [], []
            for _ in range(sizes.repetitions):
                _fill(sizes.texts_businesses, customers)
                started, cpu_before = time.monotonic(), worker.cpu_seconds()
                wake.publish(SEND_TEXTS)
                wait_until(lambda: not _unfinished().exists(), "all texts are sent", every=0.1)
                rates.append(sizes.texts / (time.monotonic() - started))
                cpu.append((worker.cpu_seconds() - cpu_before) / sizes.texts * 1_000)
                sent = NightlyText.objects.filter(status="sent", attempts=1).count()
                if sent != sizes.texts:
                    raise AssertionError(f"{sizes.texts} texts waited, {sent} were sent at once.")
    yield median_of_runs(
        "texts_per_s", rates, "texts/s", businesses=sizes.texts_businesses, worker_ms_a_text=cpu
    )


def _fill(businesses: int, customers: int) -> None:
    """Let texts wait, of which none is due before the wake-up; the tables have no statistics."""
    fill.create_businesses(businesses, customers, orders=0)
    insert_texts()


def insert_texts() -> None:
    """Let a text to each customer wait."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_SETTINGS)
        cursor.execute(INSERT_PICKUPS)
        cursor.execute(INSERT_TEXTS, [timezone.now() + timedelta(hours=3)])


def _unfinished() -> QuerySet[NightlyText]:
    return NightlyText.objects.filter(status__in=("waiting", "sending"))
