"""Runs a command with PostgreSQL and Redis at hand, and ends with its exit code."""

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

# As smrt_integration.environment, which needs Django, reads DEBUG.
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
    """What to add to the environment so that DATABASE_URL and REDIS_URL name running servers; those set already are left alone.

    `settings`: further PostgreSQL settings by name. Raises ServerError with DEBUG off: an installation has servers of its own.
    """
    servers: dict[str, Callable[[Path], Server]] = {
        "DATABASE_URL": partial(PostgresServer, settings=settings),
        "REDIS_URL": RedisServer,
    }
    missing = {name: make for name, make in servers.items() if not is_set(name)}
    if missing and os.environ.get("DEBUG", "1").strip().lower() in DEBUG_OFF:
        raise ServerError(
            f"{' and '.join(missing)} must be set while DEBUG is off: the servers that come with development are not for that."
        )
    with ExitStack() as stack:
        added: dict[str, str] = {}
        for name, make in missing.items():
            folder = TemporaryFolder()
            stack.callback(folder.remove)
            server = make(folder.path)
            stack.callback(server.stop)
            server.start()
            added[name] = server.url
        yield added


def provide_services() -> None:
    """Set DATABASE_URL and REDIS_URL for this process, and DEBUG for the settings; what it starts ends with it. Once is enough."""
    stack = ExitStack()
    os.environ.update(stack.enter_context(services()))
    os.environ.setdefault("DEBUG", "1")
    atexit.register(stack.close)


def is_set(name: str) -> bool:
    return bool(os.environ.get(name, "").strip() or os.environ.get(f"{name}_FILE", "").strip())


def run(command: Sequence[str], settings: Mapping[str, str] | None = None) -> int:
    """The exit code of `command`, or 128 and the number of the signal that ended it."""
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
        arrived = signal.sigwaitinfo(waited_for)
        # a code above 0 means that the terminal sent it, and then the command has got it too
        if arrived.si_signo != signal.SIGCHLD and arrived.si_code <= 0:
            child.send_signal(arrived.si_signo)
    return code if code >= 0 else 128 - code
