"""The faults of a run: what happens when, drawn from the seed. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

LEASE_SECONDS: Final = 30.0
"""As `smrt_integration.delivery.claim.LEASE`: a worker that is frozen for longer has lost it."""


WHILE_WAITING: Final = "freeze a worker past its lease while it waits for Segment"
"""Segment takes the old messages only after another worker has sent newer ones."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    `resource` is what it breaks: a resource has one fault at a time. `weight` says how often it is
    drawn, `seconds` from what to what it lasts. `needs` is the shortest run that has it.
    """

    name: str
    resource: str
    weight: int
    seconds: tuple[float, float] = (0.0, 0.0)
    needs: float = 0.0


PROGRAM_KINDS: Final = (
    Kind("kill a worker with its children", "worker", 5, (0.2, 3)),
    Kind("kill a worker and leave its children", "worker", 3, (0.2, 3)),
    Kind("kill a worker's child", "worker", 8),
    Kind("freeze a worker for a moment", "worker", 3, (0.5, 6)),
    Kind("freeze a worker past its lease", "worker", 2, (LEASE_SECONDS + 2, LEASE_SECONDS + 8), 40),
    Kind(WHILE_WAITING, "worker", 3, (LEASE_SECONDS + 3, LEASE_SECONDS + 6), 40),
    Kind("freeze a worker's child past its lease", "worker", 2, (LEASE_SECONDS + 2, 38), 40),
    Kind("set a worker's clock 70 s ahead", "worker", 3, needs=20),
    Kind("kill a beat", "beat", 3, (0.2, 5)),
    Kind("freeze a beat", "beat", 1, (1, 6)),
    Kind("kill the web server", "web", 2, (0.2, 2)),
    Kind("kill a child of the web server", "web", 3),
    Kind("kill a writer", "writer", 8, (0.1, 1)),
)
SERVER_KINDS: Final = (
    Kind("restart PostgreSQL at once", "postgres", 2, (0.1, 3), 10),
    Kind("terminate the connections to PostgreSQL", "postgres", 5),
    Kind("kill Redis", "redis", 3, (0.1, 4)),
    Kind("flush Redis", "redis", 2),
    Kind("freeze Redis", "redis", 2, (0.5, 7)),
    Kind("make Redis a read-only replica", "redis", 2, (0.5, 6)),
    Kind("let Redis run out of memory", "redis", 2, (0.5, 6)),
    Kind("cut the clients of Redis", "redis", 2),
)
SEGMENT_KINDS: Final = (
    Kind("answer 429 with Retry-After", "key", 3, (1, 6)),
    Kind("answer 429 without Retry-After", "key", 1, (1, 3)),
    Kind("answer 503", "key", 4, (1, 6)),
    Kind("answer 500 once", "key", 3, (2, 2)),
    Kind("answer 400 to everything", "key", 2, (1, 4)),
    Kind("answer 400 a few times", "key", 3, (5, 5)),
    Kind("answer 400 because of one customer", "key", 4, (2, 8)),
    Kind("answer 401", "key", 2, (1, 4)),
    Kind("redirect", "key", 1, (1, 4)),
    Kind("hang", "key", 4, (1, 8)),
    Kind("cut the connection", "key", 4, (1, 4)),
    Kind("accept and hang", "key", 8, (1, 8)),
    Kind("accept and cut the connection", "key", 8, (0.5, 4)),
)
KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind for kind in (*PROGRAM_KINDS, *SERVER_KINDS, *SEGMENT_KINDS)
}


@dataclass(frozen=True, slots=True)
class FaultRates:
    """How many faults of each group a minute has."""

    programs: int
    servers: int
    segment: int


CALM_SECONDS: Final = 1.0
"""At the start, everything works for as long."""


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """A fault at a moment of the run. `target` chooses among several programs or businesses."""

    at: float
    kind: str
    seconds: float
    target: int

    @property
    def resource(self) -> str:
        return KINDS[self.kind].resource


def plan(
    seed: int, seconds: float, per_minute: FaultRates, without: Sequence[str] = ()
) -> list[PlannedFault]:
    """Return the faults of a run of `seconds`, in their order.

    `without` names kinds that cannot be done here.
    """
    random = Random(seed)
    groups = (
        (PROGRAM_KINDS, per_minute.programs),
        (SERVER_KINDS, per_minute.servers),
        (SEGMENT_KINDS, per_minute.segment),
    )
    faults = [
        _draw(random, [kind for kind in kinds if kind.needs <= seconds], seconds)
        for kinds, rate in groups
        for _ in range(round(rate * seconds / 60))
    ]
    return sorted((f for f in faults if f.kind not in without), key=lambda fault: fault.at)


def _draw(random: Random, kinds: Sequence[Kind], run_seconds: float) -> PlannedFault:
    (kind,) = random.choices(kinds, [kind.weight for kind in kinds])
    seconds = random.uniform(*kind.seconds)
    return PlannedFault(
        # it ends within the run
        at=random.uniform(CALM_SECONDS, max(CALM_SECONDS, run_seconds - seconds)),
        kind=kind.name,
        seconds=seconds,
        target=random.randrange(10_000),
    )


SEGMENT_SPECS: Final[Mapping[str, Mapping[str, Any]]] = {
    "answer 429 with Retry-After": {"kind": "status", "status": 429, "retry_after": 2},
    "answer 429 without Retry-After": {"kind": "status", "status": 429},
    "answer 503": {"kind": "status", "status": 503},
    "answer 500 once": {"kind": "status", "status": 500, "times": 1},
    "answer 400 to everything": {"kind": "status", "status": 400},
    "answer 400 a few times": {"kind": "status", "status": 400, "times": 3},
    "answer 401": {"kind": "status", "status": 401},
    "redirect": {"kind": "redirect", "location": "/"},
    "hang": {"kind": "hang"},
    "cut the connection": {"kind": "cut"},
    "accept and hang": {"kind": "accept_then_timeout"},
    "accept and cut the connection": {"kind": "accept_then_cut"},
}
"""What the stand-in is told, but for the customer of "answer 400 because of one customer"."""
