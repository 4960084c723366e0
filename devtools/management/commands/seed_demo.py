from typing import Any

from devtools.management.demo_command import DemoCommand


class Command(DemoCommand):
    help = "Make the three demo businesses, the demo's logins and API keys, where they are missing. Only with DEBUG."

    def demonstrate(self, **options: Any) -> None:
        from devtools.demo.keys import make_keys
        from devtools.demo.login import make_logins
        from devtools.demo.seed import seed

        self.stdout.write("\n".join([*seed(), *make_logins(), *make_keys()]))
