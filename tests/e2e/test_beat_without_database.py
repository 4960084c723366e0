"""The database is away, restarts or goes in the middle of a question: beat waits for it, says so once, and goes on by itself."""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from devtools.services.postgres import PostgresServer
from tests.workers import Beat, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WAITS = "beat_waits_for_database"
GOES_ON = "beat_goes_on"


def ticks(beat: Beat) -> int:
    return beat.printed.count("Sending due task Deliver what waits")


def wait_until_it_ticks_again(beat: Beat) -> None:
    before = ticks(beat)

    def ticked() -> bool:
        assert beat.process.poll() is None
        return ticks(beat) > before

    wait_until(ticked, "it ticked again")


def test_one_that_starts_before_its_database_waits_and_can_be_stopped(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    own_postgres.stop()
    stopped, beat = (start_beat_with(DATABASE_URL=own_postgres.url) for _ in range(2))
    with show_output_on_failure(stopped, beat):
        for each in (stopped, beat):
            each.wait_for_output(WAITS)
        stopped.stop()
        own_postgres.start()
        wait_until_it_ticks_again(beat)
        beat.wait_for_output(GOES_ON)

        assert (stopped.process.returncode, "Traceback" in stopped.printed) == (0, False)
        assert (
            beat.printed.count(WAITS),
            beat.printed.count(GOES_ON),
            "Traceback" in beat.printed,
        ) == (1, 1, False)


def test_it_outlives_restarts(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    with show_output_on_failure(beat):
        wait_until_it_ticks_again(beat)
        for times, end in enumerate((own_postgres.stop, own_postgres.kill), 1):
            end()
            wait_until(lambda times=times: beat.printed.count(WAITS) == times, "it noticed")  # type: ignore[misc]
            own_postgres.start()
            wait_until_it_ticks_again(beat)
            wait_until(lambda times=times: beat.printed.count(GOES_ON) == times, "it said so")  # type: ignore[misc]

        assert beat.process.poll() is None


def test_it_outlives_an_end_in_the_middle_of_reading_the_schedules(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    with show_output_on_failure(beat):
        wait_until_it_ticks_again(beat)
        with (
            closing(psycopg.connect(own_postgres.url)) as operator,
            closing(psycopg.connect(own_postgres.url, autocommit=True)) as watcher,
        ):
            operator.execute("LOCK TABLE django_celery_beat_periodictask")
            watcher.execute("UPDATE django_celery_beat_periodictasks SET last_update = now()")
            wait_until(lambda: reads_schedules(watcher), "it was reading")
            own_postgres.kill()
        beat.wait_for_output(WAITS)
        own_postgres.start()
        wait_until_it_ticks_again(beat)

        assert beat.printed.count(WAITS) == 1


def reads_schedules(watcher: "psycopg.Connection[tuple[int]]") -> bool:
    found = watcher.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT%%django_celery_beat_periodictask%%'"
    ).fetchone()
    return found != (0,)
