"""PostgreSQL restarts under load. Saves fail meanwhile; everything saved is delivered once."""

from collections.abc import Callable
from functools import partial

import psycopg
import pytest

from devtools.services.postgres import PostgresServer
from tests.segment import SegmentStandIn
from tests.workers import Beat, Program, Worker, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class SignUpProgram(Program):
    """The program tests.e2e.sign_up_customers and its output."""

    module = ("tests.e2e.sign_up_customers",)

    def __init__(self, database: str) -> None:
        super().__init__([], {"DATABASE_URL": database})

    @property
    def signed_up(self) -> list[str]:
        return [line for line in self.printed.splitlines() if len(line) == 36]

    @property
    def failed(self) -> int:
        return self.printed.splitlines().count("failed")


def end_leases(server: PostgresServer) -> None:
    """Let the leases of rounds that the outage interrupted expire, instead of waiting 30 s."""
    with psycopg.connect(server.url) as session:
        session.execute(
            "UPDATE events_lane SET lease_until = now() - interval '1 second'"
            " WHERE lease_until IS NOT NULL"
        )
        session.execute("UPDATE events_lane SET resume_at = now()")


def is_everything_delivered(server: PostgresServer) -> bool:
    with psycopg.connect(server.url) as session:
        row = session.execute("SELECT count(*) FROM events_outgoing").fetchone()
    return row == (0,)


def test_everything_saved_is_delivered_once(
    own_postgres: PostgresServer,
    start_worker: Callable[..., Worker],
    start_beat_with: Callable[..., Beat],
    segment: SegmentStandIn,
) -> None:
    worker = start_worker(DATABASE_URL=own_postgres.url)
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    sign_ups = SignUpProgram(own_postgres.url)
    try:
        with show_output_on_failure(worker, beat, sign_ups):
            restart_under_load(own_postgres, sign_ups, segment)
            assert worker.process.poll() is None
            assert beat.process.poll() is None
    finally:
        sign_ups.kill()

    accepted = segment.accepted()
    assert {message["userId"] for message in accepted if message["type"] == "identify"} >= set(
        sign_ups.signed_up
    )
    assert {message["userId"] for message in accepted if message["type"] == "track"} >= set(
        sign_ups.signed_up
    )
    with psycopg.connect(own_postgres.url) as session:
        entries = [row[0] for row in session.execute("SELECT message_id FROM events_sendlog")]
    assert sorted(entries) == sorted(message["messageId"] for message in accepted)


def has_more_failures(sign_ups: "SignUpProgram", failed: int) -> bool:
    return sign_ups.failed > failed


def has_more_sign_ups(sign_ups: "SignUpProgram", count: int) -> bool:
    return len(sign_ups.signed_up) > count


def restart_under_load(
    server: PostgresServer, sign_ups: SignUpProgram, segment: SegmentStandIn
) -> None:
    """Stop and start the server, then kill and start it. Returns when everything was sent."""
    wait_until(lambda: segment.counts()["accepted"] > 20, "events leave before the restart")
    for end_database in (server.stop, server.kill):
        end_database()
        failed, before = sign_ups.failed, len(sign_ups.signed_up)
        wait_until(partial(has_more_failures, sign_ups, failed), "saves fail")
        server.start()
        wait_until(partial(has_more_sign_ups, sign_ups, before + 10), "saves work again")
        end_leases(server)
    sign_ups.process.terminate()
    sign_ups.process.wait(10)
    end_leases(server)
    wait_until(lambda: is_everything_delivered(server), "everything is delivered", 30)
