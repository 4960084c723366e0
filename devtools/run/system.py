"""What `make run` consists of: the servers, the steps before the start, and the programs."""

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
# Names that a bare `manage.py` in another terminal needs too.
TWILIO = ("TEXTS_BACKEND", "TWILIO_HOST", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
SHARED = (
    "DEBUG",
    "DATABASE_URL",
    "REDIS_URL",
    "SEGMENT_HOST",
    "SECRET_KEY",
    "FIELD_KEYS",
    "PUBLIC_URL",
    *TWILIO,
)


def start_servers(folder: DataFolder, stack: ExitStack) -> tuple[dict[str, str], Sequence[Server]]:
    """The addresses of PostgreSQL and Redis, and those of the two that are ours; `stack` stops them."""
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
    """The servers that others gave us must be there, or nothing that follows makes sense."""
    try:
        if url := urls.get("DATABASE_URL"):
            psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise RunError(
            f"The PostgreSQL that DATABASE_URL names does not answer.\n    {str(error).strip()}"
        ) from error
    try:
        if url := urls.get("REDIS_URL"):
            redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5).ping()
    except (redis.RedisError, ValueError) as error:
        raise RunError(f"The Redis that REDIS_URL names does not answer.\n    {error}") from error


def environment(
    secrets: Mapping[str, str], urls: Mapping[str, str], addresses: Addresses
) -> dict[str, str]:
    """Of the programs: ours, with what is set already left alone, except that nothing of a demo may reach the real Segment or Twilio."""
    given = {name: value for name, value in os.environ.items() if value.strip()}
    fixed = {"DEBUG": "1", "SEGMENT_HOST": addresses.segment, MARK: secrets[MARK]}
    fixed |= dict(zip(TWILIO, ("twilio", addresses.twilio, ACCOUNT, TOKEN), strict=True))
    # lines as they are written, and in the encoding that they are read in
    fixed |= {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
    return {"PUBLIC_URL": addresses.web} | dict(secrets) | given | dict(urls) | fixed


def shared(everything: Mapping[str, str]) -> dict[str, str]:
    return {name: everything[name] for name in SHARED if name in everything}


def steps() -> list[Program]:
    return [
        Program("manage.py migrate", (*MANAGE, "migrate", "--no-input", "--verbosity", "0")),
        Program("manage.py seed_demo", (*MANAGE, "seed_demo")),
    ]


def programs(addresses: Addresses) -> list[Program]:
    """In the order in which they start; they stop in the opposite one."""
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
    # neither the banner nor, for root, the advice to be somebody else
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
        Program("segment", segment, answers=f"{addresses.segment}/messages"),
        Program("twilio", twilio, answers=f"{addresses.twilio}/messages"),
        Program(
            "web",
            (
                *_without_requests(),
                *web,
                "--workers",
                "1",
                "--threads",
                "8",
                "--graceful-timeout",
                "2",
            ),
            answers=f"{addresses.web}/",
        ),
        # it is the only worker here: looking for others takes a second
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
            says=_announced("ready."),
        ),
        Program("beat", (*celery, "beat", "--pidfile=")),
        Program("simulation", (*MANAGE, "simulate", "--web", addresses.web), after_all=True),
    ]


def _without_requests() -> tuple[str, ...]:
    """The simulation makes some ten requests for each thing that it tells of: of those, only what went wrong is shown."""
    return () if os.environ.get("LOG_LEVEL", "").strip() else ("/usr/bin/env", "LOG_LEVEL=WARNING")


def _announced(text: str) -> str:
    """What a program logs as INFO can be waited for only if it is logged."""
    return (
        text if os.environ.get("LOG_LEVEL", "INFO").strip().upper() in {"", "INFO", "DEBUG"} else ""
    )
