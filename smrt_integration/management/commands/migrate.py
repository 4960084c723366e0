"""Django's `migrate`, which gives up rather than let everybody queue behind it."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db.utils import OperationalError
from psycopg.errors import LockNotAvailable

from smrt_integration import timeouts


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with timeouts.use(timeouts.MIGRATION):
                super().handle(*args, **options)
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise CommandError(
                "A migration waited for a lock for more than "
                f"{timeouts.MIGRATION.lock / 1_000:g} seconds and gave up, so that nobody queues "
                "behind it. Migrations before it are applied, and it changed nothing. Run "
                "migrate again."
            ) from error
