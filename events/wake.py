"""Telling the workers, after a commit, that something waits.

A wake-up is a courtesy: the beat looks every few seconds anyway, so one that is lost costs seconds and no event. Therefore it may
never fail a save and never hold it up: it is tried for at most about 100 ms, and after a failure not again for REST seconds.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import redis
import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu import Connection
from kombu.pools import ProducerPool
from redis.backoff import NoBackoff
from redis.retry import Retry

log = structlog.get_logger(__name__)

DELIVER_TASK: Final = "smrt_integration.tasks.deliver"
RUN_JOBS_TASK: Final = "smrt_integration.tasks.run_jobs"
WAKE_UP_KEY: Final = "smrt:wake"
# `deliver` deletes the key as it starts; should the message be lost with the broker, the key must not stop later wake-ups for long.
WAKE_UP_KEY_SECONDS: Final = 5
# Should no worker run for hours, the wake-ups of those hours are worth nothing when one starts: the beat wakes it.
WAKE_UP_EXPIRES_SECONDS: Final = 60
# Half the 100 ms that a save may lose, because connecting and asking can each take as long.
BROKER_TIMEOUT_SECONDS: Final = 0.05
# Long enough that a Redis that is down costs one save in hundreds those 100 ms, short enough to be real time again soon after.
PAUSE_SECONDS: Final = 3.0

_paused_until = 0.0


def after_commit() -> None:
    """Wake the workers when the current transaction commits, once however many saves ask for it."""
    savepoints = set(connection.savepoint_ids)
    for registered_under, hook, *_ in connection.run_on_commit:
        # Registered under savepoints that all enclose this one: it is dropped only when this save is undone too.
        if hook is _committed and registered_under <= savepoints:
            return
    transaction.on_commit(_committed, robust=True)


def _committed() -> None:
    wake()


def run_jobs_after_commit() -> None:
    """Have what an owner asked for begun when the current transaction commits."""
    transaction.on_commit(lambda: _tried(lambda: _publish(RUN_JOBS_TASK)), robust=True)


def wake() -> bool:
    """Publish `deliver` unless one is waiting in the broker already. Answers whether it was published; raises nothing."""
    return _tried(
        lambda: (
            bool(_redis(os.getpid()).set(WAKE_UP_KEY, 1, nx=True, ex=WAKE_UP_KEY_SECONDS))
            and _publish(DELIVER_TASK)
        )
    )


def _tried(publish: Callable[[], bool]) -> bool:
    global _paused_until  # noqa: PLW0603 - one per process is meant
    if time.monotonic() < _paused_until:
        return False
    try:
        return publish()
    except Exception as error:  # noqa: BLE001 - whatever the broker does, the save is committed and stays so
        _paused_until = time.monotonic() + PAUSE_SECONDS
        log.warning("wake_up_failed", error=type(error).__name__, resting_seconds=PAUSE_SECONDS)
        return False


def clear() -> None:
    """Called as `deliver` starts, before it looks: a save from here on wakes anew."""
    try:
        _redis(os.getpid()).delete(WAKE_UP_KEY)
    except redis.RedisError as error:
        log.warning("wake_up_not_cleared", error=type(error).__name__)


def _publish(task: str) -> bool:
    with _producers(os.getpid()).acquire(block=True, timeout=BROKER_TIMEOUT_SECONDS) as producer:
        current_app.send_task(
            task,
            producer=producer,
            retry=False,
            ignore_result=True,
            expires=WAKE_UP_EXPIRES_SECONDS,
        )
    return True


# Connections are kept per process id: one made before a fork must never be shared after it.
@lru_cache(maxsize=2)
def _redis(pid: int) -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=BROKER_TIMEOUT_SECONDS,
        socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@lru_cache(maxsize=2)
def _producers(pid: int) -> Any:
    # else kombu tries again after two seconds, whatever the time-out
    options: dict[str, Any] = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "max_retries": 0}
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options |= {
            "socket_timeout": BROKER_TIMEOUT_SECONDS,
            "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
        }
    else:
        options |= {"read_timeout": BROKER_TIMEOUT_SECONDS, "write_timeout": BROKER_TIMEOUT_SECONDS}
    broker = Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=BROKER_TIMEOUT_SECONDS,
        transport_options=options,
    )
    pool: Any = ProducerPool(connections=broker.Pool(limit=4), limit=4)
    return pool
