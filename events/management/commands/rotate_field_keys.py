from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from events.encryption import Unreadable
from events.models import Integration


class Command(BaseCommand):
    help = "Encrypt every stored write key with the first of FIELD_KEYS; after that the older keys can be dropped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> str:
        rows = [(row.pk, row.write_key) for row in Integration.objects.exclude(write_key="").only("pk", "write_key").iterator()]
        unreadable = sum(isinstance(key, Unreadable) for _, key in rows)
        readable = [(pk, key) for pk, key in rows if not isinstance(key, Unreadable)]
        if not dry_run:
            for pk, key in readable:
                # not through save(): nothing about the config changes, so no lane is to be disturbed
                Integration.objects.filter(pk=pk).update(write_key=key)
        done = "would be encrypted anew" if dry_run else "encrypted anew"
        return f"{len(readable)} write keys {done}, {unreadable} cannot be read with FIELD_KEYS and were left as they are."
