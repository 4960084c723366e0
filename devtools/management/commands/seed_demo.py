from typing import Any

from devtools.demo.api_keys import create_keys
from devtools.demo.logins import create_logins
from devtools.demo.seed import seed
from devtools.management.demo_command import DemoCommand


class Command(DemoCommand):
    help = (
        "Create the demo's businesses, logins and API keys that do not exist yet. "
        "Runs only with DEBUG=1."
    )

    def run_demo(self, **options: Any) -> None:
        self.stdout.write("\n".join([*seed(), *create_logins(), *create_keys()]))
