"""Requests that a fault holds, until they are released or cut, or until a time has passed."""

import asyncio
from collections.abc import Callable
from typing import Literal

from devtools.segment_stub.faults import Fault

HoldOutcome = Literal["continue", "cut"]


class HeldRequests:
    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[HoldOutcome], Fault] = {}

    async def wait(self, fault: Fault, seconds: float | None = None) -> HoldOutcome:
        """Hold a request. Returns "continue" after `seconds`; a client that gives up cancels it."""
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
