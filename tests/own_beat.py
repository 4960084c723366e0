"""Beat's scheduler in the test's own process, and what it published."""

from collections import Counter
from collections.abc import Iterator

from kombu import Connection, Queue

from smrt_integration.celery import app
from smrt_integration.scheduler import REREAD_SECONDS, ReconnectingScheduler


class OwnBeat:
    def __init__(self, broker_url: str) -> None:
        self.broker_url = broker_url
        self.scheduler = ReconnectingScheduler(app=app)
        self.scheduler.connection = app.connection_for_write(broker_url)

    def run(self) -> Counter[str]:
        """Tick until nothing is due. Returns how often each schedule was published.

        Wake-ups are counted by their task.
        """
        while not self.scheduler.tick():
            pass
        return Counter(self._published())

    def _published(self) -> Iterator[str]:
        """Take the messages from the broker, over a connection of their own."""
        with Connection(self.broker_url) as connection:
            queue = Queue("celery")(connection.default_channel)
            queue.declare()
            while message := queue.get(no_ack=True):
                yield message.headers.get("periodic_task_name", message.headers["task"])

    def let_read_again(self) -> None:
        """Let half a minute pass."""
        self.scheduler._read_at -= REREAD_SECONDS + 1

    def close(self) -> None:
        self.scheduler.close()
        # Otherwise the library would close it once more when the process ends.
        self.scheduler._finalize.cancel()
