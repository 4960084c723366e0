from typing import Any

from django.core.management.base import BaseCommand

from smrt_integration import schedules


class Command(BaseCommand):
    help = "Create the schedules beat needs that are missing. Those that exist keep what an operator made of them."

    def handle(self, *args: Any, **options: Any) -> str:
        return f"{schedules.sync()} schedules created."
