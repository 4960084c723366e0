"""The real web server, as `make run` starts it, on the test's database."""

import os
import re
import signal
from collections.abc import Mapping

from requests import Session

from devtools.services.ports import free_port
from tests.workers import Program, wait_until

BOOTED_CHILD = re.compile(r"Booting worker with pid: (\d+)")


class Web(Program):
    """It has loaded the project once, before its child that answers: a new child, without anything cached, takes no time."""

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
        self.wait_for_output("Booting worker")
        wait_until(self._answers, f"{self.url} answered")

    def replace_child(self) -> None:
        """What it knows of the last test's rows (the ids of content types, say), and its connections."""
        children = BOOTED_CHILD.findall(self.printed)
        os.kill(int(children[-1]), signal.SIGKILL)
        wait_until(
            lambda: len(BOOTED_CHILD.findall(self.printed)) > len(children) and self._answers(),
            f"{self.url} answered again",
        )

    def _answers(self) -> bool:
        with Session() as http:
            http.trust_env = False
            try:
                return http.get(f"{self.url}/admin/login/", timeout=10).ok
            except OSError:
                return False
