"""Run a command with a PostgreSQL and a Redis, and end with its exit code."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

from devtools.services.folders import TemporaryFolder
from devtools.services.postgres import PostgresServer
from devtools.services.process import Server, ServerError, ending_with_parent
from devtools.services.redis import RedisServer

# The same values as in smrt_integration.environment, which needs Django.
DEBUG_OFF = {"", "0", "false", "no", "off"}
FORWARDED_SIGNALS = {
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
}


@contextmanager
def services(settings: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
    """Start the servers that DATABASE_URL and REDIS_URL do not name yet.

    Yields the variables to add to the environment. `settings`: further PostgreSQL settings by name.
    Raises ServerError with DEBUG off: an installation has servers of its own.
    """
    servers: dict[str, Callable[[Path], Server]] = {
        "DATABASE_URL": partial(PostgresServer, settings=settings),
        "REDIS_URL": RedisServer,
    }
    missing = {name: server_class for name, server_class in servers.items() if not is_set(name)}
    if missing and os.environ.get("DEBUG", "1").strip().lower() in DEBUG_OFF:
        raise ServerError(
            f"{' and '.join(missing)} must be set while DEBUG is off: "
            "the development servers are only for DEBUG=1."
        )
    with ExitStack() as stack:
        added: dict[str, str] = {}
        for name, server_class in missing.items():
            folder = TemporaryFolder()
            stack.callback(folder.remove)
            server = server_class(folder.path)
            stack.callback(server.stop)
            server.start()
            added[name] = server.url
        yield added


def provide_services() -> None:
    """Set DATABASE_URL and REDIS_URL, and DEBUG, for this process. Call once.

    The servers stop when this process ends.
    """
    stack = ExitStack()
    os.environ.update(stack.enter_context(services()))
    os.environ.setdefault("DEBUG", "1")
    atexit.register(stack.close)


def is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip() or os.environ.get(f"{name}_FILE", "").strip())


def run(command: Sequence[str], settings: Mapping[str, str] | None = None) -> int:
    """Run `command`. Returns its exit code, or 128 plus the number of the signal that ended it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    with services(settings) as added:
        return _wait_for(command, {"DEBUG": "1"} | os.environ | added)


def _leave(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)


def _wait_for(command: Sequence[str], environment: Mapping[str, str]) -> int:
    waited_for = FORWARDED_SIGNALS | {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
    child = subprocess.Popen(ending_with_parent(command, signal.SIGTERM), env=environment)
    while (code := child.poll()) is None:
        received = signal.sigwaitinfo(waited_for)
        # A code above 0: the terminal sent the signal, so the command has got it, too.
        if received.si_signo != signal.SIGCHLD and received.si_code <= 0:
            child.send_signal(received.si_signo)
    return code if code >= 0 else 128 - code
