"""PostgreSQL restarts under load: the saves of that moment fail, workers reconnect by themselves, and what was saved is delivered once."""

from collections.abc import Callable

import psycopg
import pytest

from devtools.services.postgres import PostgresServer
from tests.segment import SegmentStandIn
from tests.workers import Beat, Program, Worker, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Counter(Program):
    """tests.e2e.counter."""

    module = ("tests.e2e.counter",)

    def __init__(self, database: str) -> None:
        super().__init__([], {"DATABASE_URL": database})

    @property
    def signed_up(self) -> list[str]:
        return [line for line in self.printed.splitlines() if len(line) == 36]

    @property
    def failed(self) -> int:
        return self.printed.splitlines().count("failed")


def let_leases_end(server: PostgresServer) -> None:
    """Half a minute passes: what a round had under way when the database went is anybody's again."""
    with psycopg.connect(server.url) as session:
        session.execute(
            "UPDATE events_lane SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL"
        )
        session.execute("UPDATE events_lane SET resume_at = now()")


def is_everything_delivered(server: PostgresServer) -> bool:
    with psycopg.connect(server.url) as session:
        row = session.execute("SELECT count(*) FROM events_outgoing").fetchone()
    return row == (0,)


def test_everything_that_was_saved_is_delivered_once(
    own_postgres: PostgresServer,
    start_worker: Callable[..., Worker],
    start_beat_with: Callable[..., Beat],
    segment: SegmentStandIn,
) -> None:
    worker = start_worker(DATABASE_URL=own_postgres.url)
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    counter = Counter(own_postgres.url)
    try:
        with show_output_on_failure(worker, beat, counter):
            restart_under_load(own_postgres, counter, segment)
            assert worker.process.poll() is None
            assert beat.process.poll() is None
    finally:
        counter.kill()

    accepted = segment.accepted()
    assert {message["userId"] for message in accepted if message["type"] == "identify"} >= set(
        counter.signed_up
    )
    assert {message["userId"] for message in accepted if message["type"] == "track"} >= set(
        counter.signed_up
    )
    with psycopg.connect(own_postgres.url) as session:
        entries = [row[0] for row in session.execute("SELECT message_id FROM events_sendlog")]
    assert sorted(entries) == sorted(message["messageId"] for message in accepted)


def restart_under_load(server: PostgresServer, counter: Counter, segment: SegmentStandIn) -> None:
    """In good order, then by a crash; in the end everything was sent."""
    wait_until(lambda: segment.counts()["accepted"] > 20, "events left before the restart")
    for end in (server.stop, server.kill):
        end()
        failed, before = counter.failed, len(counter.signed_up)
        wait_until(lambda failed=failed: counter.failed > failed, "saves failed")  # type: ignore[misc]
        server.start()
        wait_until(lambda before=before: len(counter.signed_up) > before + 10, "saves worked again")  # type: ignore[misc]
        let_leases_end(server)
    counter.process.terminate()
    counter.process.wait(10)
    let_leases_end(server)
    wait_until(lambda: is_everything_delivered(server), "everything was delivered", 30)
