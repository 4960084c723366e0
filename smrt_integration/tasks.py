"""Celery's tasks. Each finds in the database what is due, so running one twice does no harm.

The time is the database's: a worker whose clock is wrong expires and deletes nothing early.
"""

import time
from functools import partial

import structlog

from customers.budget import Budget
from customers.texts import nightly
from events import wake
from events.alerts import watch as alerts
from events.clock import database_now
from events.jobs import feed, run
from events.outbox import expire, fan_out, unanswered
from events.send_log import partitions, retention
from events.sweeps import birthdays, lost, spending
from smrt_integration.api import idempotency
from smrt_integration.celery import app
from smrt_integration.chores import Chore
from smrt_integration.delivery.deliver import Delivery
from smrt_integration.exports import files, write_parts
from smrt_integration.imports import delete_old, run_imports

log = structlog.get_logger(__name__)
chore = partial(app.task, base=Chore)


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
        if feed.is_any_waiting():
            wake.publish(wake.RUN_JOBS_TASK)
    return f"{delivery.logged} logged"


@chore()
def fan_out_trait_changes(budget: Budget) -> str:
    return f"{fan_out.fan_out_all(budget)} chunks"


@chore(name=wake.RUN_JOBS_TASK)
def run_jobs(budget: Budget) -> str:
    return f"{run.run_jobs(database_now(), budget)} chunks"


@chore(name=wake.WRITE_EXPORTS_TASK)
def write_exports(budget: Budget) -> str:
    return f"{write_parts.write_exports(budget)} parts"


@chore(name=wake.IMPORT_CUSTOMERS_TASK)
def import_customers(budget: Budget) -> str:
    return f"{run_imports.run_imports(budget)} chunks"


@chore()
def delete_old_imports(budget: Budget) -> str:
    return f"{delete_old.delete_old(database_now(), budget)} deleted"


@chore()
def delete_old_exports(budget: Budget) -> str:
    return f"{files.delete_old(database_now(), budget)} deleted"


@chore()
def sweep_lost(budget: Budget) -> str:
    return f"{lost.sweep(database_now(), budget)} recorded"


@chore()
def sweep_birthdays(budget: Budget) -> str:
    return f"{birthdays.sweep(database_now())} recorded"


@chore()
def sweep_spending(budget: Budget) -> str:
    return f"{spending.sweep(database_now(), budget)} changed"


@chore()
def alert_owners(budget: Budget) -> str:
    return f"{alerts.watch(database_now(), budget)} emails"


@chore()
def expire_waiting(budget: Budget) -> str:
    now = database_now()
    unanswered.resolve_all(now, budget)
    return f"{expire.expire(now, budget)} expired"


@chore()
def keep_partitions(budget: Budget) -> str:
    now = database_now()
    created = partitions.create_ahead(now)
    return f"{created} created, {retention.drop_old(now, budget)} dropped"


@chore()
def delete_old_idempotency_keys(budget: Budget) -> str:
    return f"{idempotency.delete_old_responses(database_now(), budget)} deleted"


@chore()
def send_texts(budget: Budget) -> str:
    """Send the nightly texts of all businesses whose hour has come."""
    counts = nightly.run(database_now, budget)
    if counts:
        log.info("texts", **counts)
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "nothing due"
