"""Delete imports after a day: their files, and what is known of their lines."""

from contextlib import suppress
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Q

from customers.budget import NO_TIME_LIMIT, Budget
from smrt_integration.imports.models import IMPORT_RETENTION, CustomerImport, import_storage

LINES_PER_DELETE: Final = 5_000
"""Some tens of milliseconds."""
DELETE_LINES: Final = """
DELETE FROM smrt_integration_importline WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM smrt_integration_importline WHERE customer_import_id = %s LIMIT %s
))
"""


def delete_old(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Delete imports after a day, and files that no import has. Returns how many imports.

    A process that is killed while it keeps a file leaves one; so does a deleted business. An import
    that is still open after a day is deleted too: its file may not be kept for longer.
    """
    before = now - IMPORT_RETENTION
    old = CustomerImport.objects.filter(
        Q(ended_at__lt=before) | Q(ended_at=None, requested_at__lt=before)
    )
    deleted = 0
    for pk in budget.over(old.values_list("pk", flat=True)):
        if not _delete_lines(pk, budget):
            return deleted
        CustomerImport.objects.filter(pk=pk).delete()
        deleted += 1
    _delete_unknown_files(now)
    return deleted


def _delete_lines(pk: int, budget: Budget) -> bool:
    """Delete the lines of an import. Returns False if some are left for the next run."""
    with connection.cursor() as cursor:
        while True:
            cursor.execute(DELETE_LINES, [pk, LINES_PER_DELETE])
            if cursor.rowcount < LINES_PER_DELETE:
                return True
            if budget.is_spent():
                return False


def _delete_unknown_files(now: datetime) -> None:
    """Delete files that no import has, unless one may still be created for it."""
    storage = import_storage()
    with suppress(FileNotFoundError):
        names = set(storage.listdir("")[1])
        known = CustomerImport.objects.filter(file__in=names).values_list("file", flat=True)
        for name in names - set(known):
            if storage.get_modified_time(name) < now - IMPORT_RETENTION / 24:
                storage.delete(name)
