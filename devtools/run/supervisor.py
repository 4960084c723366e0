"""Brings the programs up one after the other, watches them, and takes them down in the opposite order."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devtools.run.errors import RunError
from devtools.run.output import Output
from devtools.run.program import Program, RunningProgram
from devtools.services.process import Server, last_lines

WATCH_SECONDS = 0.1
START_SECONDS = 60
# All programs together. A worker that waits for a receiver that hangs may take longer, and then loses nothing by being killed.
STOP_SECONDS = 8
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Plan:
    """`steps` run to their end, one after the other, before the programs start; `greeting` makes a text of what the steps said."""

    folder: Path
    environment: Mapping[str, str]
    steps: Sequence[Program]
    programs: Sequence[Program]
    greeting: Callable[[list[str]], str]
    on_stopping: Callable[[], None] = lambda: None


class Supervisor:
    def __init__(self, plan: Plan, servers: Sequence[Server], output: Output) -> None:
        self._plan = plan
        self._servers = servers
        self._output = output
        self._running: list[RunningProgram] = []
        self._told_to_stop = asyncio.Event()
        self._stop_before = float("inf")

    async def run(self) -> None:
        """Until a signal says stop. Raises RunError when a program fails; either way nothing is left running."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop)
        try:
            await self._until_told(self._bring_up_and_watch())
        finally:
            await self._take_down()

    def _stop(self) -> None:
        """Told twice, it does not wait any longer."""
        if self._told_to_stop.is_set():
            self._stop_before = time.monotonic()
        self._told_to_stop.set()

    async def _until_told(self, work: Coroutine[Any, Any, None]) -> None:
        working, told = asyncio.create_task(work), asyncio.create_task(self._told_to_stop.wait())
        await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
        if not working.cancelled():
            working.result()

    async def _bring_up_and_watch(self) -> None:
        said = [line for step in self._plan.steps for line in await self._run_to_end(step)]
        for last in (False, True):
            for program in self._plan.programs:
                if program.after_all == last:
                    await self._start(program)
            await self._all_ready()
        self._output.say(self._plan.greeting(said))
        while not self._output.gone:
            self._check()
            await asyncio.sleep(WATCH_SECONDS)

    async def _run_to_end(self, step: Program) -> list[str]:
        said: list[str] = []
        running = await RunningProgram.start(
            step, self._plan.folder, self._plan.environment, said.append
        )
        self._running.append(running)
        if code := await running.ended():
            raise RunError(_ending(running, code))
        self._running.remove(running)
        return said

    async def _start(self, program: Program) -> None:
        running = await RunningProgram.start(
            program,
            self._plan.folder,
            self._plan.environment,
            lambda line: self._output.line(program.name, line),
        )
        self._running.append(running)

    async def _all_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        for running in self._running:
            while not await running.ready():
                self._check()
                if time.monotonic() > deadline:
                    raise RunError(
                        f"{running.program.name} is not ready after {START_SECONDS} seconds."
                    )
                await asyncio.sleep(WATCH_SECONDS)

    def _check(self) -> None:
        for running in self._running:
            if running.exit_code is not None:
                raise RunError(_ending(running, running.exit_code))
        for server in self._servers:
            if not server.running():
                raise RunError(f"{server.name} has ended by itself.\n{last_lines(server.log)}")

    async def _take_down(self) -> None:
        self._plan.on_stopping()
        if self._told_to_stop.is_set():
            self._output.say("Stopping.")
        self._told_to_stop.set()  # from here on, one signal is enough to hurry
        deadline = time.monotonic() + STOP_SECONDS
        for running in reversed(self._running):
            await self._hurrying(running.stop(deadline - time.monotonic()), running)

    async def _hurrying(self, stopping: Coroutine[Any, Any, None], running: RunningProgram) -> None:
        task = asyncio.create_task(stopping)
        while not task.done():
            await asyncio.wait({task}, timeout=WATCH_SECONDS)
            if time.monotonic() > self._stop_before:
                await running.stop(0)
        task.result()


def _ending(running: RunningProgram, code: int) -> str:
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    lines = "".join(f"\n    {line}" for line in running.last_lines)
    return (
        f"{running.program.name} has ended with {how}.{' Its last lines:' if lines else ''}{lines}"
    )
