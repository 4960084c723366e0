"""One program: started, read line by line, and ended with every process that it started."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devtools.services.process import ending_with_parent

READ_BYTES = 65_536
RESPONSE_TIMEOUT_SECONDS = 5
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Program:
    """A program, and how to tell that it is ready: by `ready_url` and `ready_text`, if set.

    `ready_url`: an HTTP address that must respond. `ready_text`: text that a line of output must
    contain. `after_all`: start when all others are ready. `doing`: a sentence to print before a
    step, which may take a while.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str = ""
    ready_text: str = ""
    after_all: bool = False
    doing: str = ""


class RunningProgram:
    def __init__(
        self, program: Program, process: asyncio.subprocess.Process, show: Callable[[str], None]
    ) -> None:
        self.program = program
        self.last_lines: deque[str] = deque(maxlen=8)
        self._has_printed = not program.ready_text
        self._has_responded = not program.ready_url
        self._process = process
        self._show = show
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls,
        program: Program,
        folder: Path,
        environment: Mapping[str, str],
        show: Callable[[str], None],
    ) -> "RunningProgram":
        process = await asyncio.create_subprocess_exec(
            *ending_with_parent(program.command, signal.SIGTERM),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C at the terminal does not reach it: the supervisor ends programs in order
            start_new_session=True,
        )
        return cls(program, process, show)

    @property
    def exit_code(self) -> int | None:
        return self._process.returncode

    async def ended(self) -> int:
        """Wait for the end of the program and of its output. Returns the exit code."""
        await self._exited()
        await self._drain()
        assert self.exit_code is not None
        return self.exit_code

    async def ready(self) -> bool:
        """Return whether the program is ready, or has been."""
        self._has_responded = self._has_responded or await _responds(self.program.ready_url)
        return self._has_printed and self._has_responded

    async def stop(self, seconds: float) -> None:
        """Terminate the program, and after `seconds` kill it and everything that it started."""
        if self.exit_code is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._exited(), max(seconds, 0))
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._exited()
        await self._drain()

    async def _exited(self) -> None:
        """Wait for the process only: `Process.wait` also waits for others that hold the pipe."""
        while self.exit_code is None:  # noqa: ASYNC110 - asyncio sets it without an event
            await asyncio.sleep(POLL_SECONDS)

    async def _drain(self) -> None:
        # a descendant in another session may hold the pipe open
        with suppress(TimeoutError):
            await asyncio.wait_for(self._reader, 1)

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in _lines(self._process.stdout):
            self.last_lines.append(line)
            self._has_printed = self._has_printed or self.program.ready_text in line
            self._show(line)


async def _lines(stream: asyncio.StreamReader) -> AsyncIterator[str]:
    """Yield lines of any length: `readline` fails on those over 64 KB."""
    rest = b""
    while chunk := await stream.read(READ_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode(errors="replace").rstrip("\r")
    if rest:
        yield rest.decode(errors="replace")


async def _responds(address: str) -> bool:
    """Return whether the address responds over HTTP, with any status."""
    try:
        async with asyncio.timeout(RESPONSE_TIMEOUT_SECONDS):
            return (await _status_line(address)).startswith(b"HTTP/")
    except (OSError, TimeoutError):
        return False


async def _status_line(address: str) -> bytes:
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        return await reader.readline()
    finally:
        writer.close()
