"""The tasks: each finds what is due in the database, so running one twice, late, or by two beats does no harm."""

import time

import structlog
from django.utils import timezone

from customers.texts import nightly
from events import wake
from events.alerts import watch as alerts
from events.outbox import expire, partitions, requests, retention, spread
from events.sweeps import birthdays, lost, spending
from smrt_integration.api import idempotency
from smrt_integration.celery import app
from smrt_integration.delivery.deliver import Delivery

log = structlog.get_logger(__name__)


@app.task(name=wake.DELIVER)
def deliver(from_zero: bool = False) -> str:
    """Send what waits. `from_zero` also looks below the lanes' floors."""
    wake.answered()
    delivery = Delivery(from_zero)
    if delivery.run():
        wake.wake()
    if delivery.logged:
        log.info(
            "delivered",
            messages=delivery.logged,
            seconds=round(time.monotonic() - delivery.started, 2),
        )
    return f"{delivery.logged} logged"


@app.task
def spread_trait_changes() -> str:
    return f"{spread.spread_all()} portions"


@app.task(name=wake.WORK_OFF)
def work_off_requests() -> str:
    return f"{requests.work_off(timezone.now())} portions"


@app.task
def sweep_lost() -> str:
    return f"{lost.sweep(timezone.now())} recorded"


@app.task
def sweep_birthdays() -> str:
    return f"{birthdays.sweep(timezone.now())} recorded"


@app.task
def sweep_spending() -> str:
    return f"{spending.sweep(timezone.now())} changed"


@app.task
def alert_owners() -> str:
    return f"{alerts.watch(timezone.now())} emails"


@app.task
def expire_waiting() -> str:
    return f"{expire.expire(timezone.now())} expired"


@app.task
def keep_partitions() -> str:
    now = timezone.now()
    return f"{partitions.make_ahead(now)} made, {retention.drop_old(now)} dropped"


@app.task
def forget_answers() -> str:
    return f"{idempotency.forget_old(timezone.now())} forgotten"


@app.task
def send_texts() -> str:
    """The nightly texts of all businesses whose hour has come."""
    became = nightly.run()
    if became:
        log.info("texts", **became)
    return ", ".join(f"{count} {what}" for what, count in sorted(became.items())) or "nothing due"
