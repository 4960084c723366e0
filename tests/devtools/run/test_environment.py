"""The environment of the programs of `make run`: servers, secrets, data that is kept."""

import os
import signal
import stat
from pathlib import Path

import psycopg
import redis

from devtools.services.ports import free_port
from tests.devtools.run.conftest import Start
from tests.devtools.run.processes import WatchedProcess

FOREVER = "import time; time.sleep(600)"
READY = "Ctrl-C stops everything"


def shared(folder: Path) -> dict[str, str]:
    return dict(
        line.split("=", 1) for line in (folder / ".dev" / "environment").read_text().splitlines()
    )


def started(run: WatchedProcess) -> WatchedProcess:
    run.wait_for(READY)
    return run


def test_the_programs_use_the_stand_in_and_have_their_own_address(
    start: Start, ports: dict[str, str]
) -> None:
    code = (
        "import os; names = ['DEBUG', 'SEGMENT_HOST', 'PUBLIC_URL']; "
        f"print('has', *(name + '=' + os.environ[name] for name in names)); {FOREVER}"
    )
    run = start(("web", code), DEBUG="0", SEGMENT_HOST="https://api.segment.io", PUBLIC_URL=None)
    stand_in, web = (
        f"http://127.0.0.1:{ports['SEGMENT_STUB_PORT']}",
        f"http://127.0.0.1:{ports['WEB_PORT']}",
    )
    assert run.wait_for("has ") == f"web | has DEBUG=1 SEGMENT_HOST={stand_in} PUBLIC_URL={web}"


def test_the_demo_texts_use_the_stand_in_for_twilio(start: Start, ports: dict[str, str]) -> None:
    code = (
        "import os; names = ['TEXTS_BACKEND', 'TWILIO_HOST', 'TWILIO_AUTH_TOKEN']; "
        f"print('has', *(os.environ[name] for name in names)); {FOREVER}"
    )
    run = start(("web", code), TWILIO_HOST="https://api.twilio.com", TWILIO_AUTH_TOKEN="a real one")
    stand_in = f"http://127.0.0.1:{ports['TWILIO_STUB_PORT']}"
    assert run.wait_for("has ") == f"web | has twilio {stand_in} for-development-only-twilio-token"


def test_the_environment_is_in_a_file_during_the_run(start: Start, folder: Path) -> None:
    run = started(start(("web", FOREVER), PUBLIC_URL=None, SECRET_KEY=None, FIELD_KEYS=None))
    path = folder / ".dev" / "environment"
    usual = [
        "DATABASE_URL",
        "DEBUG",
        "FIELD_KEYS",
        "PUBLIC_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SEGMENT_HOST",
    ]
    assert sorted(shared(folder)) == [
        *usual,
        "TEXTS_BACKEND",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "TWILIO_HOST",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert shared(folder)["DATABASE_URL"] == os.environ["DATABASE_URL"]
    run.send(signal.SIGINT)
    run.wait_for_end()
    assert not path.exists()


def test_the_secrets_are_created_once_and_closed_to_other_accounts(
    start: Start, folder: Path
) -> None:
    results = []
    for _ in range(2):
        run = started(start(("web", FOREVER), SECRET_KEY=None, FIELD_KEYS=None))
        results.append({name: shared(folder)[name] for name in ("SECRET_KEY", "FIELD_KEYS")})
        run.send(signal.SIGINT)
        run.wait_for_end()
    assert results[0] == results[1]
    assert len(results[0]["SECRET_KEY"]) > 50
    assert stat.S_IMODE((folder / ".dev" / "secrets").stat().st_mode) == 0o600
    assert not (folder / ".dev").stat().st_mode & 0o007


def test_the_servers_of_make_run_keep_their_data_after_ctrl_c_and_kill_9(
    start: Start, folder: Path
) -> None:
    """In a deep folder with spaces, for all of PostgreSQL and Redis."""
    results: list[object] = []
    for number in (signal.SIGINT, signal.SIGKILL, signal.SIGINT):
        run = started(start(("web", FOREVER), DATABASE_URL=None, REDIS_URL=None))
        urls = shared(folder)
        with psycopg.connect(urls["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
            connection.execute("INSERT INTO starts DEFAULT VALUES")
            results.append(
                connection.execute(
                    "SELECT count(*), current_setting('fsync') FROM starts"
                ).fetchone()
            )
        with redis.Redis.from_url(urls["REDIS_URL"]) as client:
            results.append(client.incr("starts"))
        run.send(number)
        run.wait_for_end()
    assert results == [(1, "on"), 1, (2, "on"), 2, (3, "on"), 3]


def test_a_server_that_ends_stops_everything(start: Start, folder: Path) -> None:
    run = started(start(("web", FOREVER), REDIS_URL=None))
    with redis.Redis.from_url(shared(folder)["REDIS_URL"]) as client:
        client.shutdown(nosave=True)
    assert run.wait_for_end() == 1
    assert "Redis has stopped unexpectedly." in run.lines


def test_a_postgresql_that_does_not_answer_is_named_without_its_password(start: Start) -> None:
    run = start(
        ("web", "print('started')"),
        DATABASE_URL=f"postgres://demo:topsecret@127.0.0.1:{free_port()}/smrt",
    )
    assert run.wait_for_end() == 1
    assert "The PostgreSQL server at DATABASE_URL does not answer." in run.lines
    assert "topsecret" not in "\n".join(run.lines)


def test_a_redis_that_does_not_answer_is_named_without_its_password(start: Start) -> None:
    run = start(
        ("web", "print('started')"), REDIS_URL=f"redis://:topsecret@127.0.0.1:{free_port()}/0"
    )
    assert run.wait_for_end() == 1
    assert "The Redis server at REDIS_URL does not answer." in run.lines
    assert "topsecret" not in "\n".join(run.lines)


def test_a_server_that_cannot_start_is_reported_with_the_reason(start: Start, folder: Path) -> None:
    (folder / ".dev").mkdir()
    (folder / ".dev" / "postgres").write_text("in the way")
    run = start(("web", "print('started')"), DATABASE_URL=None)
    assert run.wait_for_end() == 1
    assert run.lines == [
        "Starting.",
        f"PostgreSQL does not start: File exists: {folder / '.dev' / 'postgres'}.",
    ]
