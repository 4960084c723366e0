"""A private RabbitMQ, from Debian's package `rabbitmq-server`."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

import pytest

from devtools.services.ports import free_port
from devtools.services.process import Server

PROGRAMS: Final = Path("/usr/lib/rabbitmq/bin")
"""The programs themselves. Those on PATH run as an account of their own, in its folder."""
NO_RABBITMQ: Final = "RabbitMQ is not installed: apt-get install rabbitmq-server"


def require_rabbitmq() -> None:
    """Without RabbitMQ, skip the test, or fail if RABBITMQ=required."""
    if not (PROGRAMS / "rabbitmq-server").exists():
        (pytest.fail if os.environ.get("RABBITMQ") == "required" else pytest.skip)(NO_RABBITMQ)


class PortMapper(Server):
    """Erlang's `epmd`, by which `rabbitmqctl` finds RabbitMQ. Without ours, a daemon stays."""

    name = "epmd"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"epmd://127.0.0.1:{self.port}"

    def _start(self) -> None:
        program = shutil.which("epmd")
        assert program, "Erlang has it"
        options = ["-port", str(self.port), "-address", "127.0.0.1"]
        self.launch([program, *options], self.folder)
        self.wait_until(lambda: listens(self.port))


class RabbitServer(Server):
    """RabbitMQ on 127.0.0.1, with an empty broker. It takes about five seconds to start."""

    name = "RabbitMQ"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.mapper = PortMapper(folder)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def _start(self) -> None:
        if not self.mapper.running():
            self.mapper.start()
        self.launch(self._command("rabbitmq-server"), self.folder)
        self.wait_until(lambda: listens(self.port))

    def close_connections(self) -> None:
        """Close every client's connection, as an operator or a load balancer does."""
        subprocess.run(
            self._command("rabbitmqctl", "close_all_connections", "for a test"),
            check=True,
            capture_output=True,
            timeout=30,
        )

    def stop(self) -> None:
        super().stop()
        self.mapper.stop()

    def kill(self) -> None:
        """End it with its children: it is a script that starts Erlang."""
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
        super().kill()
        self.mapper.kill()

    def _command(self, program: str, *arguments: str) -> list[str]:
        settings = {
            "HOME": self.folder,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": self.mapper.port,
            "RABBITMQ_NODENAME": f"smrt{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": self._distribution_port,
            "RABBITMQ_MNESIA_BASE": self.folder / "data",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "no plugins",
            "RABBITMQ_CONF_ENV_FILE": self.folder / "no file",
            "RABBITMQ_CONFIG_FILE": self.folder / "no file",
        }
        assignments = [f"{name}={value}" for name, value in settings.items()]
        return ["env", *assignments, str(PROGRAMS / program), *arguments]

    @property
    def _distribution_port(self) -> int:
        # Outside the range of free_port.
        return self.port + 20_000


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
