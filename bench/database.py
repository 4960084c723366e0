"""A database and a Redis of the bench's own on the servers at hand, so that it may empty them: nobody's data is touched."""

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


@contextmanager
def temporary_database() -> Iterator[None]:
    """DATABASE_URL names a new, empty database for as long as this lasts."""
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
    """REDIS_URL names a database in which there is nothing: emptying it between measurements harms nobody."""
    parts = urlsplit(os.environ["REDIS_URL"])
    for number in REDIS_DATABASES:
        url = parts._replace(path=f"/{number}").geturl()
        if redis.Redis.from_url(url).dbsize() == 0:
            os.environ["REDIS_URL"] = os.environ["CELERY_BROKER_URL"] = url
            return
    raise SystemExit(
        "REDIS_URL: every one of this Redis's databases holds something, so none is the bench's to empty."
    )


def use_production_settings() -> None:
    """With DEBUG, Django would keep every query it ran, and that would be measured too."""
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
