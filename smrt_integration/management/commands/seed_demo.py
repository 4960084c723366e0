from typing import Any

from smrt_integration.management.demo import DemoCommand


class Command(DemoCommand):
    help = "Make the three demo businesses and the demo's login, where they are missing. Only with DEBUG."

    def demonstrate(self, **options: Any) -> None:
        from smrt_integration.dev.demo.login import make_admin
        from smrt_integration.dev.demo.seed import seed

        for name in seed():
            self.stdout.write(f"Made {name}.")
        self.stdout.write(make_admin())
