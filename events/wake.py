"""Wake the workers after a commit.

Wake-ups are best effort: beat polls every few seconds anyway, so a lost one costs seconds and no
event. A wake-up never fails a save, nor delays it: a thread makes it (`events.wake_thread`). It
takes at most about 100 ms, and after a failure none is tried for PAUSE_SECONDS.
"""

import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import redis
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from kombu import Connection
from kombu.pools import ProducerPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from customers.outages import Outage
from events import stale_tasks
from events.wake_thread import WakeThread

DELIVER_TASK: Final = "smrt_integration.tasks.deliver"
RUN_JOBS_TASK: Final = "smrt_integration.tasks.run_jobs"
WRITE_EXPORTS_TASK: Final = "smrt_integration.tasks.write_exports"
IMPORT_CUSTOMERS_TASK: Final = "smrt_integration.tasks.import_customers"

WAKE_UP_KEY: Final = "smrt:wake"
"""Redis key that exists while a `deliver` message waits in the broker."""
WAKE_UP_KEY_SECONDS: Final = 5
"""`deliver` deletes the key when it starts. If the broker loses the message, the key must not
prevent later wake-ups for long."""
BROKER_TIMEOUT_SECONDS: Final = 0.05
"""Half of the 100 ms that a wake-up may take: connecting and publishing can each take this long."""
PAUSE_SECONDS: Final = 3.0
"""Long enough that a Redis that is down costs one save in hundreds those 100 ms; short enough to
deliver in real time again soon after it is back."""

_paused_until = 0.0
_of_thread = threading.local()
_redis_outage = Outage("redis", used_for="wake-ups")
_broker_outage = Outage("broker", used_for="wake-ups")


def after_commit() -> None:
    """Wake the workers when the current transaction commits, once per transaction."""
    savepoints = set(connection.savepoint_ids)
    for registered_under, hook, *_ in connection.run_on_commit:
        # a hook under savepoints that all enclose this one is dropped only if this save is undone
        if hook is _wake_on_commit and registered_under <= savepoints:
            return
    transaction.on_commit(_wake_on_commit, robust=True)


def _wake_on_commit() -> None:
    wake_thread.request()


def run_jobs_after_commit() -> None:
    """Let a worker start with the jobs when the current transaction commits."""
    _publish_after_commit(RUN_JOBS_TASK)


def write_exports_after_commit() -> None:
    """Let a worker start with the exports when the current transaction commits."""
    _publish_after_commit(WRITE_EXPORTS_TASK)


def import_customers_after_commit() -> None:
    """Let a worker start with the imports when the current transaction commits."""
    _publish_after_commit(IMPORT_CUSTOMERS_TASK)


def publish(task: str) -> bool:
    """Publish the task, unless many wait. Returns whether it was published. Raises nothing."""
    return _try_to_publish(lambda: _publish(task))


def _publish_after_commit(task: str) -> None:
    transaction.on_commit(lambda: publish(task), robust=True)


def wake() -> bool:
    """Publish `deliver`, unless one waits in the broker. Returns whether it was published."""
    # Without a number of its own: the thread that wakes has no connection to the database. Few
    # wake-ups can pile up, as none is published while one waits.
    return _try_to_publish(
        lambda: _set_key() and _publish(DELIVER_TASK, headers={stale_tasks.NUMBER_HEADER: None})
    )


wake_thread: Final = WakeThread(wake)
"""Makes the wake-ups of this process's commits."""


def _try_to_publish(publish: Callable[[], bool]) -> bool:
    """Return what `publish` returns, False after any error and during a pause."""
    global _paused_until  # noqa: PLW0603 - one per process
    if time.monotonic() < _paused_until:
        return False
    try:
        is_published = publish()
    except Exception as error:  # noqa: BLE001 - the save is committed, whatever the broker does
        _paused_until = time.monotonic() + PAUSE_SECONDS
        outage = _redis_outage if isinstance(error, redis.RedisError) else _broker_outage
        outage.failed(error)
        return False
    _redis_outage.worked()
    if is_published:
        _broker_outage.worked()
    return is_published


def clear() -> None:
    """Delete the key. Called when `deliver` starts, so that a save from here on wakes again."""
    try:
        _redis(os.getpid()).delete(WAKE_UP_KEY)
    except redis.RedisError as error:
        _redis_outage.failed(error)
    else:
        _redis_outage.worked()


def _set_key() -> bool:
    """Set the key. Returns False if it exists. A connection that Redis closed is opened again.

    The thread takes the processor from a save that is running. With a connection of its own and
    the text of the command made once, it takes a quarter of what `redis.Redis.set` takes.
    """
    try:
        return _set_key_once()
    except redis.ConnectionError:
        return _set_key_once()


def _set_key_once() -> bool:
    client = _redis(os.getpid())
    if getattr(_of_thread, "client", None) is not client:
        _of_thread.client, _of_thread.connection = client, client.connection_pool.make_connection()
        _of_thread.command = _of_thread.connection.pack_command(
            "SET", WAKE_UP_KEY, 1, "NX", "EX", WAKE_UP_KEY_SECONDS
        )
    # Both close the connection if they fail. Sending opens it.
    _of_thread.connection.send_packed_command(_of_thread.command)
    return _of_thread.connection.read_response() is not None


def _publish(task: str, **options: Any) -> bool:
    """Publish the task. A connection of the pool that RabbitMQ closed meanwhile is replaced."""
    started = time.monotonic()
    try:
        return _publish_once(task, **options)
    except Exception:
        # What failed at once may be tried again: a save still waits for about 100 ms only.
        if time.monotonic() - started > BROKER_TIMEOUT_SECONDS / 2:
            raise
        return _publish_once(task, **options)


def _publish_once(task: str, **options: Any) -> bool:
    """Publish the task, unless so many wait that no worker can be running."""
    producers = _producers(os.getpid())
    with producers.acquire(block=True, timeout=BROKER_TIMEOUT_SECONDS) as producer:
        queue = current_app.amqp.queues[current_app.conf.task_default_queue]
        if not stale_tasks.has_room(queue, producer.channel):
            return False
        current_app.send_task(
            task,
            producer=producer,
            retry=False,
            ignore_result=True,
            **options,
        )
    return True


# Connections are kept per process id: one opened before a fork must not be shared after it.
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
    timeout = BROKER_TIMEOUT_SECONDS
    # without max_retries, kombu tries again after two seconds, whatever the timeout
    options: dict[str, Any] = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "max_retries": 0}
    if settings.CELERY_BROKER_URL.startswith("redis"):
        options |= {"socket_timeout": timeout, "socket_connect_timeout": timeout}
    else:
        options |= {"read_timeout": timeout, "write_timeout": timeout}
    broker = Connection(
        settings.CELERY_BROKER_URL, connect_timeout=timeout, transport_options=options
    )
    pool: Any = ProducerPool(connections=broker.Pool(limit=4), limit=4)
    return pool
