from typing import Any

from devtools.management.demo_command import DemoCommand


class Command(DemoCommand):
    help = "Make the three demo businesses, the demo's logins and API keys, where they are missing. Only with DEBUG."

    def demonstrate(self, **options: Any) -> None:
        from devtools.demo.api_keys import create_keys
        from devtools.demo.logins import create_logins
        from devtools.demo.seed import seed

        self.stdout.write("\n".join([*seed(), *create_logins(), *create_keys()]))
