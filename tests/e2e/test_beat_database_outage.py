"""Beat waits while the database is away, logs it once, and continues by itself.

The database is away at the start, restarts, or dies in the middle of a query.
"""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from devtools.services.postgres import PostgresServer
from tests.workers import Beat, show_output_on_failure, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

BEAT_WAITS = "beat_waits_for_database"
BEAT_RESUMES = "beat_resumes"


def ticks(beat: Beat) -> int:
    return beat.printed.count("Sending due task Deliver what waits")


def wait_until_it_ticks_again(beat: Beat) -> None:
    before = ticks(beat)

    def has_ticked() -> bool:
        assert beat.process.poll() is None
        return ticks(beat) > before

    wait_until(has_ticked, "it ticks again")


def wait_until_logged(beat: Beat, event: str, times: int) -> None:
    wait_until(lambda: beat.printed.count(event) == times, f"it logs {event} {times} times")


def test_beat_that_starts_before_its_database_waits_and_can_be_stopped(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    own_postgres.stop()
    stopped, beat = (start_beat_with(DATABASE_URL=own_postgres.url) for _ in range(2))
    with show_output_on_failure(stopped, beat):
        for program in (stopped, beat):
            program.wait_for_output(BEAT_WAITS)
        stopped.stop()
        own_postgres.start()
        wait_until_it_ticks_again(beat)
        beat.wait_for_output(BEAT_RESUMES)

        assert (stopped.process.returncode, "Traceback" in stopped.printed) == (0, False)
        assert (
            beat.printed.count(BEAT_WAITS),
            beat.printed.count(BEAT_RESUMES),
            "Traceback" in beat.printed,
        ) == (1, 1, False)


def test_beat_survives_restarts_of_the_database(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    with show_output_on_failure(beat):
        wait_until_it_ticks_again(beat)
        for times, end_database in enumerate((own_postgres.stop, own_postgres.kill), 1):
            end_database()
            wait_until_logged(beat, BEAT_WAITS, times)
            own_postgres.start()
            wait_until_it_ticks_again(beat)
            wait_until_logged(beat, BEAT_RESUMES, times)

        assert beat.process.poll() is None


def test_beat_survives_a_database_that_dies_while_it_reads_the_schedules(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    with show_output_on_failure(beat):
        wait_until_it_ticks_again(beat)
        with (
            closing(psycopg.connect(own_postgres.url)) as operator,
            closing(psycopg.connect(own_postgres.url, autocommit=True)) as watcher,
        ):
            wait_until(lambda: is_held_up_reading(operator, watcher), "it reads the schedules")
            own_postgres.kill()
        beat.wait_for_output(BEAT_WAITS)
        own_postgres.start()
        wait_until_it_ticks_again(beat)

        assert beat.printed.count(BEAT_WAITS) == 1


def is_held_up_reading(
    operator: "psycopg.Connection[tuple[str]]", watcher: "psycopg.Connection[tuple[str]]"
) -> bool:
    """Lock the schedules. Returns whether that holds up beat while it reads them.

    It may be writing one at that moment. Then the lock ends, for the next try.
    """
    operator.execute("LOCK TABLE django_celery_beat_periodictask")
    watcher.execute("UPDATE django_celery_beat_periodictasks SET last_update = now()")
    wait_until(lambda: statement_held_up(watcher), "it waits for the schedules")
    if "UPDATE" not in statement_held_up(watcher):
        return True
    operator.rollback()
    return False


def statement_held_up(watcher: "psycopg.Connection[tuple[str]]") -> str:
    row = watcher.execute(
        "SELECT query FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND query LIKE '%django_celery_beat_periodictask\"%'"
    ).fetchone()
    return row[0] if row else ""


WAITS_FOR_A_LOCK = """
    SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s
"""


def test_beat_ends_also_in_the_middle_of_a_query(
    own_postgres: PostgresServer, start_beat_with: Callable[..., Beat]
) -> None:
    beat = start_beat_with(DATABASE_URL=own_postgres.url)
    with show_output_on_failure(beat), closing(psycopg.connect(own_postgres.url)) as other:
        wait_until_it_ticks_again(beat)
        other.execute("LOCK TABLE django_celery_beat_periodictasks IN ACCESS EXCLUSIVE MODE")
        database = other.info.dbname
        wait_until(
            lambda: other.execute(WAITS_FOR_A_LOCK, [database]).fetchone() == (1,),
            "its query waits for a lock",
        )
        beat.process.terminate()
        beat.process.wait(20)
        other.rollback()
        assert other.execute("SELECT count(*) FROM smrt_integration_heartbeat").fetchone() == (0,)
        assert "Traceback" not in beat.printed
