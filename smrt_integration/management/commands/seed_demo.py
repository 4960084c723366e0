from typing import Any

from smrt_integration.management.demo import DemoCommand


class Command(DemoCommand):
    help = "Make the three demo businesses, the demo's logins and API keys, where they are missing. Only with DEBUG."

    def demonstrate(self, **options: Any) -> None:
        from smrt_integration.dev.demo.keys import make_keys
        from smrt_integration.dev.demo.login import make_logins
        from smrt_integration.dev.demo.seed import seed

        self.stdout.write("\n".join([*seed(), *make_logins(), *make_keys()]))
