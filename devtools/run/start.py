"""Run everything, from the command to its end: one sentence on failure, no process left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

from devtools.run import addresses, leftovers, system
from devtools.run.addresses import Addresses
from devtools.run.errors import RunError
from devtools.run.folder import DataFolder
from devtools.run.output import Output, to_terminal
from devtools.run.program import Program
from devtools.run.supervisor import SIGNALS, Plan, Supervisor
from devtools.services.launch import die_with_parent
from devtools.services.process import Server, ServerError


def main(
    project: Path,
    steps: Sequence[Program],
    programs: Callable[[Addresses], Sequence[Program]],
    data_path: Path | None = None,
) -> int:
    """Return the exit code: 0 after a signal, 1 after a failure.

    `data_path`: where the data is, if not in `.dev` of the project.
    """
    for number in SIGNALS:
        signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ:
        # killing `make` must end this process too
        die_with_parent(signal.SIGTERM, os.getppid())
    try:
        _run(project, steps, programs, DataFolder(data_path or project / ".dev"))
    except (RunError, ServerError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _run(
    project: Path,
    steps: Sequence[Program],
    programs: Callable[[Addresses], Sequence[Program]],
    folder: DataFolder,
) -> None:
    chosen = addresses.read_addresses(os.environ)
    started = programs(chosen)
    output = to_terminal([program.name for program in started], os.environ)
    with folder.locked(), ExitStack() as stack:
        secrets = folder.secrets()
        leftovers.end_leftovers(secrets[leftovers.MARK])
        addresses.require_free(chosen)
        output.say("Starting.")
        urls, servers = system.start_servers(folder, stack)
        environment = system.environment(secrets, urls, chosen)
        system.require_present_schema(environment["DATABASE_URL"])
        stack.enter_context(folder.shared_environment(system.shared(environment)))
        _supervise(
            Plan(project, environment, steps, started, _greeting(chosen), folder.note_stopping),
            servers,
            output,
        )


def _supervise(plan: Plan, servers: Sequence[Server], output: Output) -> None:
    async def supervise() -> None:
        await Supervisor(plan, servers, output).run()

    try:
        asyncio.run(supervise())
    finally:
        # Only the servers are left to stop, which is quick. Another Ctrl-C must not interrupt that.
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


def _greeting(chosen: Addresses) -> Callable[[list[str]], str]:
    first_lines = [
        "",
        f"  Admin    {chosen.web}/admin/",
        f"  API      {chosen.web}/api/v1/docs  (try it with the key below)",
        f"  Segment  {chosen.segment}/  (a stand-in: shows the messages as they arrive)",
        f"  Phones   {chosen.twilio}/  (a stand-in for Twilio: shows texts and replies)",
    ]
    return lambda step_lines: "\n".join(
        [
            *first_lines,
            *(f"  {line}" for line in step_lines),
            "  Ctrl-C stops everything. The data stays in .dev/.",
            "",
        ]
    )


def _interrupt(_number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt
