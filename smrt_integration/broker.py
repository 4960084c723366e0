"""How a worker holds on to its broker: it outlives every fault of Redis and RabbitMQ.

Nothing in the broker is worth a worker's end. Tasks find in the database what is due, and beat
publishes each of them again within its interval: a task that the broker loses costs seconds. So

- tasks are acknowledged before they run, and with Redis not at all. kombu emulates acknowledgements
  by keys in Redis, and puts back what is not acknowledged when a connection ends. Both are commands
  that a Redis that is gone, read-only or out of memory refuses, at moments where kombu and Celery
  expect no error;
- whatever error reaches the worker's consumer, it connects again.

See celery/celery#7946 (a replica's errors end the worker) and celery/celery#10205.
"""

import logging
import time
from queue import Empty
from typing import Any, Final, Self

from celery.exceptions import WorkerLostError
from celery.worker.consumer import Consumer
from celery.worker.state import maybe_shutdown
from kombu import Connection
from kombu.transport import redis

from customers.outages import Outage
from smrt_integration.health import worker

RECONNECT_SECONDS: Final = 1.0
"""Events should be sent within seconds of the broker's return, however long it was away."""

outage: Final = Outage("broker", used_for="tasks")

REPEATING_LOGGERS: Final = (
    "celery.bootsteps",
    "celery.worker.consumer.connection",
    "celery.worker.consumer.consumer",
    "celery.worker.loops",
    "celery.worker.pidbox",
    "kombu.asynchronous.hub",
    "kombu.transport.redis",
)
"""They log each try to reach a broker that is away, some with a traceback."""


class OutsideOutages(logging.Filter):
    """Passes no line while an outage lasts: `outage` counts in one line a minute."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not outage.is_under_way


for name in REPEATING_LOGGERS:
    logging.getLogger(name).addFilter(OutsideOutages())


class ForgetfulChannel(redis.Channel):
    """Puts no task back into its queue when a connection ends."""

    do_restore = False

    def _brpop_read(self, **options: Any) -> Any:
        try:
            is_read = super()._brpop_read(**options)  # type: ignore[misc]  # not in the stubs
        except Empty:
            outage.worked()
            raise
        outage.worked()
        return is_read


class ForgetfulRedis(redis.Transport):
    Channel = ForgetfulChannel


class SteadyConnection(Connection):
    """Tries to reach the broker at a steady pace. Celery's own pauses grow to half a minute."""

    def get_transport_cls(self) -> Any:
        transport = super().get_transport_cls()
        return ForgetfulRedis if transport is redis.Transport else transport

    def ensure_connection(self, *args: Any, **options: Any) -> Self:
        pace = {
            "interval_start": RECONNECT_SECONDS,
            "interval_step": 0.0,
            "interval_max": RECONNECT_SECONDS,
        }
        called_between = options.pop("callback", None)

        def get_on() -> None:
            """Say between two attempts that a worker without a broker is alive all the same."""
            worker.main_process_gets_on()
            if called_between:
                called_between()

        return super().ensure_connection(*args, **(pace | options | {"callback": get_on}))


class LastingConsumer(Consumer):
    """Connects again after every error but one: that the worker's processes cannot be started.

    Logs an outage of the broker once. Celery would log each try.
    """

    _failed_at = -RECONNECT_SECONDS

    def __init__(self, *args: Any, **options: Any) -> None:
        # Gossip and mingle tell workers of each other's clocks and revoked tasks, and heartbeats
        # are for monitors of task events. None is used here, and each is a connection that breaks.
        unused = dict.fromkeys(("without_gossip", "without_mingle", "without_heartbeat"), True)
        options["worker_options"] = {**(options.get("worker_options") or {}), **unused}
        super().__init__(*args, **options)

    def start(self) -> None:
        while True:
            try:
                super().start()
            except WorkerLostError:
                raise
            except Exception as error:
                # A second error, while Celery handled one of the broker.
                if self.blueprint.human_state() != "running":
                    raise
                self._start_again(error)
            else:
                return

    def ensure_connected(self, conn: Any) -> Any:
        connected = conn.ensure_connection(
            lambda error, _pause: outage.failed(error), callback=maybe_shutdown
        )
        self.first_connection_attempt = False
        return connected

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        self._fail(exc)

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        self._fail(exc)
        super().on_connection_error_after_connected(exc)

    def on_ready(self) -> None:
        super().on_ready()
        if self.connection and self.connection.transport.driver_type != "redis":
            # A Redis that accepts connections may still refuse to hand out tasks, as a replica.
            outage.worked()

    def _start_again(self, error: Exception) -> None:
        self._fail(error)
        self.connection = None
        self.on_close()
        self._cancel_connection_timer_entries()  # type: ignore[attr-defined]  # not in the stubs
        self.blueprint.restart(self)

    def _fail(self, error: Exception) -> None:
        """Log the outage, and pause before the next try unless this is the first failure."""
        outage.failed(error)
        if time.monotonic() - self._failed_at < 2 * RECONNECT_SECONDS:
            time.sleep(RECONNECT_SECONDS)
        self._failed_at = time.monotonic()
