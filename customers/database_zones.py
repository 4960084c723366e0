"""The time zones that PostgreSQL knows: it computes local days, so no other may be stored."""

from functools import cache

from django.db import connection


@cache
def database_zones() -> frozenset[str]:
    """Return the names. They change with PostgreSQL's or its machine's packages alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        return frozenset(name for (name,) in cursor.fetchall())
