"""The servers, steps and programs of `make run`."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import psycopg
import redis

from devtools.run.addresses import Addresses
from devtools.run.errors import RunError
from devtools.run.folder import DataFolder
from devtools.run.leftovers import MARK
from devtools.run.program import Program
from devtools.services.command import is_set
from devtools.services.postgres import PostgresServer
from devtools.services.process import Server
from devtools.services.redis import RedisServer
from devtools.twilio_stub.account import ACCOUNT, TOKEN

PROJECT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, "manage.py")
# Variables that `manage.py` in another terminal needs too.
TWILIO_NAMES = ("TEXTS_BACKEND", "TWILIO_HOST", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
SHARED_NAMES = (
    "DEBUG",
    "DATABASE_URL",
    "REDIS_URL",
    "SEGMENT_HOST",
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUBLIC_URL",
    *TWILIO_NAMES,
)


# The first of the migrations that were folded into 0001_initial before 0.1.0.
FIND_FOLDED_MIGRATION = (
    "SELECT 1 FROM django_migrations WHERE app = 'customers' AND name = '0001_records'"
)


def start_servers(folder: DataFolder, stack: ExitStack) -> tuple[dict[str, str], Sequence[Server]]:
    """Start PostgreSQL and Redis unless the environment names them; `stack` stops them.

    Returns the URLs and the servers of those that were started.
    """
    ours: dict[str, Server] = {}
    if not is_set("DATABASE_URL"):
        ours["DATABASE_URL"] = PostgresServer(folder.path / "postgres", durable=True)
    if not is_set("REDIS_URL"):
        ours["REDIS_URL"] = RedisServer(folder.path / "redis", durable=True)
    for server in ours.values():
        stack.callback(server.stop)
        server.start()
    urls = {name: server.url for name, server in ours.items()}
    require_servers(
        {
            name: os.environ[name]
            for name in ("DATABASE_URL", "REDIS_URL")
            if name not in urls and os.environ.get(name)
        }
    )
    return urls, list(ours.values())


def require_servers(urls: Mapping[str, str]) -> None:
    """Raise RunError if a server that the environment names does not answer."""
    try:
        if url := urls.get("DATABASE_URL"):
            psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise RunError(
            f"The PostgreSQL server at DATABASE_URL does not answer.\n    {str(error).strip()}"
        ) from error
    try:
        if url := urls.get("REDIS_URL"):
            redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        raise RunError(f"The Redis server at REDIS_URL does not answer.\n    {error}") from error


def require_present_schema(url: str) -> None:
    """Raise RunError for a database of a version before 0.1.0, whose migrations are folded now."""
    with psycopg.connect(url) as connection:
        (has_tables,) = connection.execute(
            "SELECT to_regclass('django_migrations') IS NOT NULL"
        ).fetchone() or (False,)
        old = has_tables and connection.execute(FIND_FOLDED_MIGRATION).fetchone()
    if old:
        raise RunError(
            "This data was made by a version before 0.1.0 and cannot be upgraded: "
            "`make clean` deletes it, then `make run` starts again."
        )


def environment(
    secrets: Mapping[str, str], urls: Mapping[str, str], addresses: Addresses
) -> dict[str, str]:
    """Return the environment of the programs: ours, plus what is missing in it.

    DEBUG and the addresses of Segment and Twilio are replaced: a demo must not reach the real ones.
    """
    ours = {name: value for name, value in os.environ.items() if value.strip()}
    fixed = {"DEBUG": "1", "SEGMENT_HOST": addresses.segment, MARK: secrets[MARK]}
    fixed |= dict(zip(TWILIO_NAMES, ("twilio", addresses.twilio, ACCOUNT, TOKEN), strict=True))
    # each line at once, and in the encoding that the supervisor reads
    fixed |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return {"PUBLIC_URL": addresses.web} | dict(secrets) | ours | dict(urls) | fixed


def shared(everything: Mapping[str, str]) -> dict[str, str]:
    return {name: everything[name] for name in SHARED_NAMES if name in everything}


def steps() -> list[Program]:
    return [
        Program(
            "manage.py migrate",
            (*MANAGE, "migrate", "--no-input", "--verbosity", "0"),
            doing="Preparing the tables.",
        ),
        Program("manage.py seed_demo", (*MANAGE, "seed_demo"), doing="Preparing the demo."),
    ]


def programs(addresses: Addresses) -> list[Program]:
    """Return the programs in the order of their start; they stop in the opposite order."""
    web = (
        sys.executable,
        "-m",
        "gunicorn",
        "smrt_integration.wsgi",
        "--bind",
        f"127.0.0.1:{addresses.web_port}",
    )
    segment = (
        sys.executable,
        "-m",
        "devtools.segment_stub",
        "--port",
        str(addresses.segment_port),
    )
    twilio = (
        sys.executable,
        "-m",
        "devtools.twilio_stub",
        "--port",
        str(addresses.twilio_port),
    )
    # without the banner, and without Celery's warning about running as root
    celery = (
        sys.executable,
        "-W",
        "ignore:::celery.platforms",
        "-m",
        "celery",
        "--quiet",
        "--app",
        "smrt_integration",
    )
    return [
        Program("segment", segment, ready_url=f"{addresses.segment}/messages"),
        Program("twilio", twilio, ready_url=f"{addresses.twilio}/messages"),
        Program(
            "web",
            (
                *_hide_requests(),
                *web,
                "--workers",
                "1",
                "--threads",
                "8",
                "--graceful-timeout",
                "2",
            ),
            ready_url=f"{addresses.web}/",
        ),
        # the only worker here: looking for others would take a second
        Program(
            "worker",
            (
                *celery,
                "worker",
                "--concurrency",
                "2",
                "--without-mingle",
                "--without-gossip",
                "--loglevel",
                "INFO",
            ),
            ready_text=_logged_at_info("ready."),
        ),
        Program("beat", (*celery, "beat", "--pidfile=")),
        Program("simulation", (*MANAGE, "simulate", "--web", addresses.web), after_all=True),
    ]


def _hide_requests() -> tuple[str, ...]:
    """Return a prefix that hides the log lines of requests, unless LOG_LEVEL is set.

    The simulation sends about ten requests for each line that it prints.
    """
    return () if os.environ.get("LOG_LEVEL", "").strip() else ("/usr/bin/env", "LOG_LEVEL=WARNING")


def _logged_at_info(text: str) -> str:
    """Return the text to wait for, or "" if LOG_LEVEL hides it: it is logged as INFO."""
    return (
        text if os.environ.get("LOG_LEVEL", "INFO").strip().upper() in {"", "INFO", "DEBUG"} else ""
    )
