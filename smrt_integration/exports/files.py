"""The stored files of exports, in a storage that no address leads to."""

from contextlib import suppress
from datetime import datetime
from typing import Final

from django.core.files.storage import Storage, storages
from django.db.models import Q

from customers.budget import NO_TIME_LIMIT, Budget
from smrt_integration.exports.models import EXPORT_RETENTION, Export

STORAGE_ALIAS: Final = "exports"
"""In the setting STORAGES."""


def storage() -> Storage:
    return storages[STORAGE_ALIAS]


def delete_files(folder: str) -> None:
    """Delete the files of one export."""
    with suppress(FileNotFoundError):
        for name in storage().listdir(folder)[1]:
            storage().delete(f"{folder}/{name}")
        storage().delete(folder)


def delete_old(now: datetime, budget: Budget = NO_TIME_LIMIT) -> int:
    """Delete exports after a day, and files that no export has. Returns how many exports.

    A worker that is killed, or that loses its lease, may leave such files; so does a deleted
    business. An export that is still open after a day is deleted too: it is no longer needed.
    """
    before = now - EXPORT_RETENTION
    old = Export.objects.filter(
        Q(finished_at__lt=before)
        | Q(failed_at__lt=before)
        | Q(finished_at=None, failed_at=None, requested_at__lt=before)
    )
    deleted = old.delete()[0]
    known = set(Export.objects.values_list("folder", flat=True))
    for folder in budget.over({*_folders()} - known):
        # An export may have been asked for since.
        if not Export.objects.filter(folder=folder).exists():
            delete_files(folder)
    return deleted


def _folders() -> list[str]:
    with suppress(FileNotFoundError):
        return storage().listdir("")[0]
    return []
