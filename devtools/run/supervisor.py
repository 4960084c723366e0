"""Start the programs in order, start again what ends, and stop all in the opposite order."""

import asyncio
import signal
import time
from collections import defaultdict
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
# For all programs together. A worker that waits for Segment may take longer. Killing it is safe:
# its messages stay in the outbox.
STOP_SECONDS = 8
# A program that ends more often than this within RESTARTS_WITHIN_SECONDS would do so for ever.
MAX_RESTARTS = 3
RESTARTS_WITHIN_SECONDS = 60
RESTART_PAUSE_SECONDS = 0.5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True)
class Plan:
    """The steps and programs of a run. Steps run one after the other, before the programs start.

    `greeting` returns the text to print, given the lines that the steps printed.
    """

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
        self._restarts: dict[str, list[float]] = defaultdict(list)
        self._stop_requested = asyncio.Event()
        self._stop_before = float("inf")

    async def run(self) -> None:
        """Run until a signal, and leave no process behind. Raises RunError if a program fails."""
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, self._stop)
        try:
            await self._until_stop_requested(self._start_and_watch())
        finally:
            await self._stop_all()

    def _stop(self) -> None:
        """Stop; at the second signal, without waiting for the programs."""
        if self._stop_requested.is_set():
            self._stop_before = time.monotonic()
        self._stop_requested.set()

    async def _until_stop_requested(self, work: Coroutine[Any, Any, None]) -> None:
        working, stop = asyncio.create_task(work), asyncio.create_task(self._stop_requested.wait())
        await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
        if not working.cancelled():
            working.result()

    async def _start_and_watch(self) -> None:
        step_lines = [line for step in self._plan.steps for line in await self._run_to_end(step)]
        for last in (False, True):
            for program in self._plan.programs:
                if program.after_all == last:
                    await self._start(program)
            await self._all_ready()
        self._output.say(self._plan.greeting(step_lines))
        while not self._output.is_closed:
            await self._start_again()
            self._check()
            await asyncio.sleep(WATCH_SECONDS)

    async def _start_again(self) -> None:
        """Start the programs that have ended, as a supervisor of an installation does."""
        for running in list(self._running):
            if running.exit_code is None or not self._may_start_again(running.program.name):
                continue
            self._output.say(f"{_ending(running, running.exit_code)} It starts again.")
            await running.stop(0)
            await asyncio.sleep(RESTART_PAUSE_SECONDS)
            place = self._running.index(running)
            await self._start(running.program)
            self._running[place] = self._running.pop()

    def _may_start_again(self, name: str) -> bool:
        now = time.monotonic()
        recent = [at for at in self._restarts[name] if now - at < RESTARTS_WITHIN_SECONDS]
        self._restarts[name] = [*recent, now]
        return len(recent) < MAX_RESTARTS

    async def _run_to_end(self, step: Program) -> list[str]:
        if step.doing:
            self._output.say(step.doing)
        lines: list[str] = []
        running = await RunningProgram.start(
            step, self._plan.folder, self._plan.environment, lines.append
        )
        self._running.append(running)
        if code := await running.ended():
            raise RunError(_ending_sentence(running, code))
        self._running.remove(running)
        return lines

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
                raise RunError(_ending_sentence(running, running.exit_code))
        for server in self._servers:
            if not server.running():
                raise RunError(f"{server.name} has stopped unexpectedly.\n{last_lines(server.log)}")

    async def _stop_all(self) -> None:
        self._plan.on_stopping()
        if self._stop_requested.is_set():
            self._output.say("Stopping.")
        self._stop_requested.set()  # from here on, one signal is enough to kill
        deadline = time.monotonic() + STOP_SECONDS
        for running in reversed(self._running):
            await self._stop_or_kill(running.stop(deadline - time.monotonic()), running)

    async def _stop_or_kill(
        self, stopping: Coroutine[Any, Any, None], running: RunningProgram
    ) -> None:
        task = asyncio.create_task(stopping)
        while not task.done():
            await asyncio.wait({task}, timeout=WATCH_SECONDS)
            if time.monotonic() > self._stop_before:
                await running.stop(0)
        task.result()


def _ending_sentence(running: RunningProgram, code: int) -> str:
    lines = "".join(f"\n    {line}" for line in running.last_lines)
    return f"{_ending(running, code)}{' Its last lines:' if lines else ''}{lines}"


def _ending(running: RunningProgram, code: int) -> str:
    how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
    return f"{running.program.name} ended with {how}."
