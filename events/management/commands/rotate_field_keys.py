from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from events.encryption import Unreadable
from events.models import Integration


class Command(BaseCommand):
    help = (
        "Encrypt every stored write key with the first of FIELD_KEYS. After that, the older keys "
        "can be removed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> str:
        business_ids = Integration.objects.exclude(write_key="").values_list("pk", flat=True)
        keys = [_rotate(business_id, dry_run) for business_id in business_ids]
        unreadable = sum(isinstance(key, Unreadable) for key in keys)
        done = "would be encrypted again" if dry_run else "encrypted again"
        return (
            f"{sum(map(bool, keys))} write keys {done}. {unreadable} cannot be decrypted with "
            "FIELD_KEYS and were not changed."
        )


@transaction.atomic
def _rotate(business_id: int, dry_run: bool) -> str | None:
    """Encrypt one write key again. Returns it, or `Unreadable`.

    The row is locked: its owner may be replacing the key just now.
    """
    rows = Integration.objects.filter(pk=business_id)
    key = rows.select_for_update(no_key=True).values_list("write_key", flat=True).first()
    if key and not dry_run:
        # not by save(): the integration does not change, so its lane must not be disturbed
        rows.update(write_key=key)
    return key
