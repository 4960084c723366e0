"""The development servers: private, quick to start, and stopped with their parent."""

import os
import pty
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
import redis

from devtools.services import folders
from devtools.services.postgres import PostgresServer, server_account
from devtools.services.process import Account, ServerError, ending_with_parent, pids_working_in
from devtools.services.redis import RedisServer
from tests.devtools.run.processes import WatchedProcess, is_alive, wait_until

EXEC = (sys.executable, "-m", "devtools.services", "exec")
BOTH: dict[str, str | None] = {"DATABASE_URL": None, "REDIS_URL": None}
QUERY_SERVERS = """
import os, psycopg, redis
row = psycopg.connect(os.environ["DATABASE_URL"]).execute(
    "SELECT current_setting('server_version_num')::int / 10000, "
    "current_setting('max_connections'), current_setting('work_mem')").fetchone()
print("answers", *row, redis.Redis.from_url(os.environ["REDIS_URL"]).ping())
"""


Execute = Callable[..., WatchedProcess]


@pytest.fixture
def execute() -> Iterator[Execute]:
    """Run `exec`. By default only Redis is started, which is quicker."""
    started: list[WatchedProcess] = []

    def starting(*arguments: str, **environment: str | None) -> WatchedProcess:
        started.append(WatchedProcess([*EXEC, *arguments], {"REDIS_URL": None} | environment))
        return started[-1]

    yield starting
    for each in started:
        each.close()


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    server = PostgresServer(tmp_path_factory.mktemp("closed") / "postgres")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


def rows(server: PostgresServer, statement: str) -> Sequence[tuple[object, ...]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_command_reaches_both_servers_and_its_exit_code_is_returned(execute: Execute) -> None:
    run = execute(
        "-c",
        "work_mem=7MB",
        "--",
        sys.executable,
        "-c",
        f"{QUERY_SERVERS}\nraise SystemExit(7)",
        **BOTH,
    )
    assert run.wait_for_end() == 7
    assert run.lines == ["answers 18 200 7MB True"]


def test_the_exit_code_after_a_signal_is_that_of_a_shell(execute: Execute) -> None:
    assert execute("--", "sh", "-c", "kill -KILL $$").wait_for_end() == 128 + signal.SIGKILL


def test_a_command_that_does_not_exist_is_named(execute: Execute) -> None:
    run = execute("--", "no-such-command")
    assert run.wait_for_end() == 1
    assert run.lines == ["no-such-command cannot be started: No such file or directory."]


def test_servers_in_the_environment_are_used_and_none_is_started(execute: Execute) -> None:
    run = execute(
        "--",
        "sh",
        "-c",
        "echo $DATABASE_URL $REDIS_URL",
        DATABASE_URL="postgres://a/b",
        REDIS_URL="redis://c",
    )
    assert run.wait_for_end() == 0
    assert run.lines == ["postgres://a/b redis://c"]


def test_sigterm_ends_the_command_and_the_servers(execute: Execute) -> None:
    run = execute(
        "--", sys.executable, "-uc", "import os, time; print('I am', os.getpid()); time.sleep(600)"
    )
    pid = run.number_after("I am ")
    run.send(signal.SIGTERM)
    assert run.wait_for_end() == 128 + signal.SIGTERM
    assert not is_alive(pid)


def test_ctrl_c_at_the_terminal_reaches_the_command_once_and_no_server() -> None:
    code = f"""
import signal, time
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
print("ready", flush=True)
while not got: time.sleep(0.01)
time.sleep(0.3)
{QUERY_SERVERS}
print("interrupts", len(got))
"""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.pop("DATABASE_URL", None)
        os.environ.pop("REDIS_URL", None)
        os.execv(sys.executable, [*EXEC, "--", sys.executable, "-c", code])
    output = _read_until(terminal, b"ready")
    os.write(terminal, b"\x03")
    output += _read_until(terminal, b"interrupts 1")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert b"answers 18 200 4MB True" in output


def _read_until(terminal: int, text: bytes) -> bytes:
    output = b""
    while text not in output:
        output += os.read(terminal, 4096)
    return output


def test_kill_9_leaves_no_server_behind_and_the_next_start_removes_the_folder(
    execute: Execute,
) -> None:
    run = execute("--", "sh", "-c", "echo ready; exec sleep 600", **BOTH)
    run.wait_for("ready")
    (postgres,) = (pid for pid in _servers("postgres") if _parent(pid) == run.process.pid)
    (redis_server,) = (pid for pid in _servers("redis-server") if _parent(pid) == run.process.pid)
    folder = Path(f"/proc/{redis_server}/cwd").readlink()
    run.send(signal.SIGKILL)
    wait_until(
        lambda: not is_alive(postgres) and not is_alive(redis_server), "the end of the servers"
    )
    assert folder.exists()
    assert execute("--", "true").wait_for_end() == 0
    assert not folder.exists()


def _servers(name: str) -> list[int]:
    return list(pids_working_in(Path("/"), [name]))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_postgresql_keeps_address_and_data_through_a_stop_and_a_crash(
    postgres: PostgresServer,
) -> None:
    url = postgres.url
    rows(postgres, "CREATE TABLE kept (n int)")
    for end in (postgres.stop, postgres.kill):
        rows(postgres, "INSERT INTO kept VALUES (1)")
        end()
        assert not postgres.running()
        assert list(pids_working_in(postgres.data, ["postgres"])) == []
        with pytest.raises(psycopg.OperationalError, match="refused"):
            psycopg.connect(url)
        postgres.start()
        assert postgres.url == url
    assert rows(postgres, "SELECT count(*) FROM kept") == [(2,)]


def test_a_temporary_redis_restarts_at_its_address_and_empty(own_redis: RedisServer) -> None:
    url = own_redis.url
    with redis.Redis.from_url(url) as client:
        client.set("a", "b")
    for end in (own_redis.stop, own_redis.kill):
        end()
        with redis.Redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
            client.ping()
        own_redis.start()
        assert own_redis.url == url
    with redis.Redis.from_url(url) as client:
        assert client.get("a") is None


def test_the_servers_refuse_clients_without_the_password(
    postgres: PostgresServer, own_redis: RedisServer
) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgres://postgres:wrong@127.0.0.1:{postgres.port}/smrt")
    with socket.create_connection(("127.0.0.1", own_redis.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100) == b"-NOAUTH Authentication required.\r\n"
    for password in (
        postgres.folder / "password",
        own_redis.folder / "password",
        own_redis.folder / "redis.conf",
    ):
        assert password.stat().st_mode & 0o077 == 0


def test_the_servers_listen_on_the_loopback_interface_only(
    postgres: PostgresServer, own_redis: RedisServer
) -> None:
    listening = "0A"
    loopback = "0100007F"
    entries = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    hosts = {
        (host, int(port, 16))
        for entry in entries
        if entry[3] == listening
        for host, port in [entry[1].split(":")]
    }
    for server in (postgres, own_redis):
        assert {host for host, port in hosts if port == server.port} == {loopback}


def test_the_servers_own_message_about_an_invalid_setting_is_shown(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", settings={"work_mem": "plenty"})
    with pytest.raises(ServerError, match=r"PostgreSQL does not start\.\n(.*\n)*.*work_mem"):
        server.start()
    assert not server.running()


def test_the_next_start_recovers_from_an_interrupted_first_start(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server = PostgresServer(tmp_path / "postgres")
    server.start()
    try:
        assert rows(server, "SELECT 1") == [(1,)]
    finally:
        server.kill()


def test_a_temporary_folder_is_closed_to_other_accounts() -> None:
    folder = folders.TemporaryFolder()
    try:
        assert folder.path.stat().st_mode & 0o007 == 0
        assert folder.path.parent.stat().st_mode & 0o007 == 0
    finally:
        folder.remove()
    assert not folder.path.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can change the account")
def test_an_ordinary_account_can_run_the_servers(tmp_path: Path) -> None:
    """`reach`, because the interpreter may be installed in root's home folder."""
    nobody = Account(65_534, 65_534, reach=True)
    run = WatchedProcess(
        ending_with_parent(
            [*EXEC, "--", sys.executable, "-c", QUERY_SERVERS], signal.SIGKILL, nobody
        ),
        BOTH | {"HOME": str(tmp_path)},
    )
    assert run.wait_for_end() == 0
    assert run.lines == ["answers 18 200 4MB True"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop its privileges")
def test_root_starts_postgresql_as_the_owner_of_its_data_even_in_a_closed_folder(
    postgres: PostgresServer,
) -> None:
    assert postgres.folder.parent.stat().st_mode & 0o077 == 0
    account = server_account(postgres.folder, postgres.data)
    assert account
    assert account.reach
    status = Path(f"/proc/{postgres.pid}/status").read_text()
    assert f"Uid:\t{account.uid}\t{account.uid}\t{account.uid}\t{account.uid}" in status
    assert account.uid == postgres.data.stat().st_uid != 0
