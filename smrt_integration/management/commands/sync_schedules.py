from typing import Any

from django.core.management.base import BaseCommand

from smrt_integration import schedules


class Command(BaseCommand):
    help = "Create the schedules that beat needs. Existing ones keep an operator's changes."

    def handle(self, *args: Any, **options: Any) -> str:
        lines = [f"{len(schedules.create_missing())} schedules created."]
        if off := schedules.switched_off():
            lines.append(f"Switched off: {', '.join(off)}.")
        return "\n".join(lines)
