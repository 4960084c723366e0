"""Requests that a fault keeps waiting, and how they go on: when told to, when cut, or after a time."""

import asyncio
from collections.abc import Callable
from typing import Literal

from devtools.segment_stub.faults import Fault

HoldOutcome = Literal["continue", "cut"]


class HeldRequests:
    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[HoldOutcome], Fault] = {}

    async def wait(self, fault: Fault, seconds: float | None = None) -> HoldOutcome:
        """Until released; "continue" after `seconds`. A client that gives up cancels the wait."""
        release: asyncio.Future[HoldOutcome] = asyncio.get_running_loop().create_future()
        self._waiting[release] = fault
        try:
            return await asyncio.wait_for(release, seconds)
        except TimeoutError:
            return "continue"
        finally:
            del self._waiting[release]

    def release(self, matches: Callable[[Fault], bool]) -> None:
        self._end("continue", matches)

    def cut_all(self) -> None:
        self._end("cut", lambda fault: True)

    def _end(self, how: HoldOutcome, matches: Callable[[Fault], bool]) -> None:
        for release, fault in self._waiting.items():
            if matches(fault) and not release.done():
                release.set_result(how)
