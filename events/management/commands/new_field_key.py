from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Print a new key for FIELD_KEYS. Put it before the present keys, restart, then run "
        "rotate_field_keys."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> str:
        return Fernet.generate_key().decode()
