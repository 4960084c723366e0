"""Starts our programs in forks of a process that has loaded the libraries, but nothing of ours.

A program that refuses its settings ends soon; loading the libraries takes most of its time. Reads
one line of JSON for each program and prints the exit code.
"""

import importlib
import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
LIBRARIES: Final = (
    "celery.bin.celery",
    "cryptography.fernet",
    "django.core.management.commands.check",
    "django.db.backends.postgresql.base",
    "django.db.models",
    "django.http",
    "environ",
    "kombu.transport.redis",
    "rich.traceback",
    "structlog.dev",
)


class Ended(NamedTuple):
    code: int
    output: str
    error: str


class PreloadedPrograms:
    """The process. `run` returns when the program has ended."""

    def __init__(self, folder: Path) -> None:
        self._output, self._error = folder / "output", folder / "error"
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Ended:
        """Run what follows `python` on a command line, with only these variables."""
        assert self._process.stdin
        assert self._process.stdout
        order = {
            "command": command,
            "environment": environment,
            "output": str(self._output),
            "error": str(self._error),
        }
        print(json.dumps(order), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ended(code, self._output.read_text(), self._error.read_text())

    def close(self) -> None:
        self._process.communicate(timeout=10)


@contextmanager
def preloaded_programs(folder: Path) -> Iterator[PreloadedPrograms]:
    programs = PreloadedPrograms(folder)
    try:
        yield programs
    finally:
        programs.close()


def load_libraries() -> None:
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not any(name.startswith(("smrt_integration", "customers")) for name in sys.modules)


def become(command: list[str], environment: dict[str, str], output: str, error: str) -> None:
    """Be the program, in a new fork."""
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((0, os.devnull), (1, output), (2, error)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    if command[0] == "-m":
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


def main() -> None:
    load_libraries()
    for line in sys.stdin:
        if (process := os.fork()) == 0:
            become(**json.loads(line))
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
