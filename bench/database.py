"""A new PostgreSQL database and an empty Redis database for the benchmark.

The benchmark deletes everything in both, so it must not use those that hold data.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import redis
from cryptography.fernet import Fernet
from psycopg import sql

REDIS_DATABASES = range(1, 16)
"""Every database of a default Redis but 0, which installations use."""


@contextmanager
def temporary_database() -> Iterator[None]:
    """Create a database, name it in DATABASE_URL, and drop it at the end."""
    url = os.environ["DATABASE_URL"]
    name = f"smrt_bench_{secrets.token_hex(4)}"
    _execute(url, "CREATE DATABASE {}", name)
    os.environ["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
    try:
        yield
    finally:
        os.environ["DATABASE_URL"] = url
        _execute(url, "DROP DATABASE {} WITH (FORCE)", name)


def _execute(url: str, statement: str, name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def use_empty_redis() -> None:
    """Name an empty database in REDIS_URL and CELERY_BROKER_URL.

    Ends the program if every database holds data.
    """
    parts = urlsplit(os.environ["REDIS_URL"])
    for number in REDIS_DATABASES:
        url = parts._replace(path=f"/{number}").geturl()
        if redis.Redis.from_url(url).dbsize() == 0:
            os.environ["REDIS_URL"] = os.environ["CELERY_BROKER_URL"] = url
            return
    raise SystemExit(
        "REDIS_URL: every database of this Redis holds data. The benchmark needs an empty one."
    )


def use_production_settings() -> None:
    """Set the environment of an installation. With DEBUG, Django stores every query it runs."""
    os.environ |= {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_hex(32),
        "FIELD_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "smrt.example.com",
        "PUBLIC_URL": "https://smrt.example.com",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "smrt_integration.settings",
    }


def migrate() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
