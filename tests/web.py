"""Start the real web server on the test database, as `make run` does."""

import os
import re
import signal
from collections.abc import Mapping

from requests import Session

from devtools.services.ports import free_port
from tests.workers import Program, wait_until

BOOTED_CHILD = re.compile(r"Booting worker with pid: (\d+)")


class Web(Program):
    """Gunicorn with one child that handles the requests.

    The project is loaded before the child starts, so a new child without caches starts at once.
    """

    module = ("gunicorn",)

    def __init__(self, environment: Mapping[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        arguments = [
            "smrt_integration.wsgi",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            "1",
            "--threads",
            "8",
            "--preload",
        ]
        super().__init__(arguments, {"DEBUG": "1", "PUBLIC_URL": self.url, **environment})
        with self.killed_on_failure():
            self.wait_for_output("Booting worker")
            wait_until(self._is_ready, f"{self.url} responds")

    def replace_child(self) -> None:
        """Start a child without connections and without caches of the last test's rows.

        Django caches the ids of content types, for example.
        """
        children = BOOTED_CHILD.findall(self.printed)
        os.kill(int(children[-1]), signal.SIGKILL)
        wait_until(
            lambda: len(BOOTED_CHILD.findall(self.printed)) > len(children) and self._is_ready(),
            f"{self.url} responds again",
        )

    def _is_ready(self) -> bool:
        with Session() as http:
            http.trust_env = False
            try:
                return http.get(f"{self.url}/admin/login/", timeout=10).ok
            except OSError:
                return False
