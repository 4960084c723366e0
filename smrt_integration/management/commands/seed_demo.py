from typing import Any

from django.core.management.base import BaseCommand

from smrt_integration.dev.demo.allowed import require_development
from smrt_integration.dev.demo.login import make_admin
from smrt_integration.dev.demo.seed import seed


class Command(BaseCommand):
    help = "Make the three demo businesses and the demo's login, where they are missing. Only with DEBUG."

    def handle(self, *args: Any, **options: Any) -> None:
        require_development()
        for name in seed():
            self.stdout.write(f"Made {name}.")
        self.stdout.write(make_admin())
