from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from events.encryption import Unreadable
from events.models import Integration


class Command(BaseCommand):
    help = "Encrypt every stored write key with the first of FIELD_KEYS; after that the older keys can be dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> str:
        keys = [
            _key(pk, dry_run)
            for pk in Integration.objects.exclude(write_key="").values_list("pk", flat=True)
        ]
        unreadable = sum(isinstance(key, Unreadable) for key in keys)
        done = "would be encrypted anew" if dry_run else "encrypted anew"
        return f"{sum(map(bool, keys))} write keys {done}, {unreadable} cannot be read with FIELD_KEYS and were left as they are."


@transaction.atomic
def _key(business_id: int, dry_run: bool) -> str | None:
    """The write key, encrypted anew if it can be read; its owner may be replacing it at this moment."""
    row = Integration.objects.filter(pk=business_id)
    key = row.select_for_update(no_key=True).values_list("write_key", flat=True).first()
    if key and not dry_run:
        # not through save(): nothing about the config changes, so no lane is to be disturbed
        row.update(write_key=key)
    return key
