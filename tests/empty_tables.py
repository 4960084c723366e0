"""Empty the tables after a test that commits.

Django truncates every table, and writes again what `migrate` writes: content types, permissions,
groups, schedules and partitions. That takes a quarter of a second. Most tests leave rows in few
tables and change nothing of that, so it is faster to look, and to delete those rows.
"""

from collections.abc import Callable
from typing import Any, Final

from django.db import connection, transaction

FILLED_BY_MIGRATE: Final = (
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_celery_beat_clockedschedule",
    "django_celery_beat_crontabschedule",
    "django_celery_beat_intervalschedule",
    "django_celery_beat_periodictask",
    "django_celery_beat_periodictasks",
    "django_celery_beat_solarschedule",
    "django_content_type",
)
LARGE: Final = 2_000_000
"""Bytes of a table. Deleted rows stay in it, and make later tests slow; truncating leaves none."""
SIZES: Final = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""


class Tables:
    """The tables and partitions, remembered as `migrate` left them."""

    def __init__(self) -> None:
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        emptied = sorted(set(names) - set(FILLED_BY_MIGRATE))
        # As TRUNCATE does, wait for transactions of a killed program: they may still commit.
        self._lock = f"LOCK TABLE {', '.join(sorted(names))} IN ACCESS EXCLUSIVE MODE"
        self._with_rows = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in emptied
        )
        self._filled = " UNION ALL ".join(
            f"(SELECT md5(string_agg(row::text, ' ' ORDER BY row::text)) FROM {name} AS row)"
            for name in FILLED_BY_MIGRATE
        )
        self._tables = set(self._sizes())
        self._after_migrate = self._read(self._filled)
        self._may_delete = self._read("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")

    def empty(self, truncate_all: Callable[[], None]) -> None:
        """Delete the rows that `migrate` did not write, or else call `truncate_all`."""
        if not connection.is_usable():
            # Otherwise every later test would fail, too.
            connection.close()
        if self._may_delete != [(True,)] or not self._delete():
            truncate_all()
            # with other ids
            self._after_migrate = self._read(self._filled)

    def _delete(self) -> bool:
        """Delete them. Returns False, having done nothing, if more than that was changed."""
        with transaction.atomic():
            self._execute(self._lock)
            sizes = self._sizes()
            # A test may have dropped a partition.
            if max(sizes.values()) > LARGE or not self._tables <= set(sizes):
                return False
            if self._read(self._filled) != self._after_migrate:
                return False
            # The rows that refer to a deleted row are deleted, too.
            self._execute("SET LOCAL session_replication_role = replica")
            for (name,) in self._read(self._with_rows):
                self._execute(f"DELETE FROM {name}")
        return True

    def _sizes(self) -> dict[str, int]:
        return dict(self._read(SIZES))

    def _read(self, statement: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _execute(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
