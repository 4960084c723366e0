"""Requests that a fault keeps waiting, and how they go on: when told to, when cut, or after a time."""

import asyncio
from collections.abc import Callable
from typing import Literal

from devtools.segment_stub.faults import Fault

Release = Literal["go on", "cut"]


class Holds:
    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[Release], Fault] = {}

    async def wait(self, fault: Fault, seconds: float | None = None) -> Release:
        """Until released; "go on" after `seconds`. A client that gives up cancels the wait."""
        release: asyncio.Future[Release] = asyncio.get_running_loop().create_future()
        self._waiting[release] = fault
        try:
            return await asyncio.wait_for(release, seconds)
        except TimeoutError:
            return "go on"
        finally:
            del self._waiting[release]

    def go_on(self, concerned: Callable[[Fault], bool]) -> None:
        self._release("go on", concerned)

    def cut_all(self) -> None:
        self._release("cut", lambda fault: True)

    def _release(self, how: Release, concerned: Callable[[Fault], bool]) -> None:
        for release, fault in self._waiting.items():
            if concerned(fault) and not release.done():
                release.set_result(how)
