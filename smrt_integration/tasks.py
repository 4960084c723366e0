"""Celery's tasks. Each finds in the database what is due, so running one twice does no harm.

The time is the database's: a worker whose clock is wrong expires and deletes nothing early.
"""

import time

import structlog

from customers.texts import nightly
from events import wake
from events.alerts import watch as alerts
from events.clock import database_now
from events.jobs import run
from events.outbox import expire, fan_out, unanswered
from events.send_log import partitions, retention
from events.sweeps import birthdays, lost, spending
from smrt_integration.api import idempotency
from smrt_integration.celery import app
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.exports import files, write_parts

log = structlog.get_logger(__name__)


@app.task(name=wake.DELIVER_TASK)
def deliver(from_zero: bool = False) -> str:
    """Send what is due. `from_zero` also looks below the lanes' floors."""
    wake.clear()
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
def fan_out_trait_changes() -> str:
    return f"{fan_out.fan_out_all()} chunks"


@app.task(name=wake.RUN_JOBS_TASK)
def run_jobs() -> str:
    return f"{run.run_jobs(database_now())} chunks"


@app.task(name=wake.WRITE_EXPORTS_TASK)
def write_exports() -> str:
    return f"{write_parts.write_exports()} parts"


@app.task
def delete_old_exports() -> str:
    return f"{files.delete_old(database_now())} deleted"


@app.task
def sweep_lost() -> str:
    return f"{lost.sweep(database_now())} recorded"


@app.task
def sweep_birthdays() -> str:
    return f"{birthdays.sweep(database_now())} recorded"


@app.task
def sweep_spending() -> str:
    return f"{spending.sweep(database_now())} changed"


@app.task
def alert_owners() -> str:
    return f"{alerts.watch(database_now())} emails"


@app.task
def expire_waiting() -> str:
    now = database_now()
    unanswered.resolve_all(now)
    return f"{expire.expire(now)} expired"


@app.task
def keep_partitions() -> str:
    now = database_now()
    return f"{partitions.create_ahead(now)} created, {retention.drop_old(now)} dropped"


@app.task
def delete_old_idempotency_keys() -> str:
    return f"{idempotency.delete_old_responses(database_now())} deleted"


@app.task
def send_texts() -> str:
    """Send the nightly texts of all businesses whose hour has come."""
    counts = nightly.run(database_now)
    if counts:
        log.info("texts", **counts)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing due"
