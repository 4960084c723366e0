"""Do a fault to the cluster, and take it back."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import psycopg
import redis

from chaos import clock
from chaos.cluster import Cluster
from chaos.faults import SEGMENT_SPECS, WHILE_WAITING, PlannedFault
from chaos.programs import ManagedProgram

MOST_HELD: Final = 3
"""The other businesses may have other faults meanwhile."""
POSTING_SECONDS: Final = 1.0
"""A business has something to send about that often. A worker waits for an answer for 2 s."""
ACCEPTING_SECONDS: Final = 0.2
"""The stand-in takes milliseconds for a request that it has held."""
STOP_SECONDS: Final = 2.0
"""For a worker to end in order; after that it is killed."""

Undo = Callable[[], object]
CLOCK_KIND: Final = "set a worker's clock 70 s ahead"
ONE_CUSTOMER: Final = "answer 400 because of one customer"


class NotNow(Exception):
    """What the fault would break is broken or starting just now. The text says so."""


class Injector:
    """Does faults to `cluster`. `broken` has what a fault breaks at the moment."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.broken: set[str] = set()

    def inject(self, fault: PlannedFault) -> tuple[str, Undo]:
        """Do the fault. Returns what it was done to, and how to take it back. Raises NotNow."""
        target = self._target(fault)
        undo = self._do(fault, target)
        self.broken.add(target)

        def take_back() -> None:
            undo()
            self.broken.discard(target)

        return target, take_back

    def _target(self, fault: PlannedFault) -> str:
        """Return the name of a program, server or business that is not broken. Raises NotNow."""
        if fault.resource == "key":
            names = [str(business["name"]) for business in self.cluster.businesses]
        else:
            names = [program.name for program in self.cluster.of(fault.resource)]
        names = names or [fault.resource]
        first = fault.target % len(names)
        for name in (*names[first:], *names[:first]):
            if name not in self.broken:
                return name
        raise NotNow("broken already")

    def _do(self, fault: PlannedFault, target: str) -> Undo:
        if fault.resource == "key":
            return self._break_segment(fault, target)
        if fault.resource in {"postgres", "redis"}:
            return SERVER_FAULTS[fault.kind](self.cluster, fault)
        program = self.cluster.programs[target]
        if not program.is_running:
            raise NotNow(f"{target} is not running")
        if fault.kind == WHILE_WAITING:
            return self._freeze_while_waiting(program)
        return PROGRAM_FAULTS[fault.kind](program, fault)

    def _freeze_while_waiting(self, program: ManagedProgram) -> Undo:
        """Hold a request of each of some businesses, and freeze the worker that may have sent it.

        In the end Segment accepts what it holds, and then the worker goes on.
        """
        receiver = self.cluster.receiver
        held = [b for b in self.cluster.businesses if b["name"] not in self.broken][:MOST_HELD]
        for business in held:
            self.broken.add(business["name"])
            receiver.add_fault(business["write_key"], kind="hang", times=1)
        time.sleep(POSTING_SECONDS)
        program.freeze()

        def release() -> None:
            for business in held:
                receiver.clear_faults(business["write_key"])
                self.broken.discard(business["name"])
            time.sleep(ACCEPTING_SECONDS)
            program.thaw()

        return release

    def _break_segment(self, fault: PlannedFault, target: str) -> Undo:
        business = next(b for b in self.cluster.businesses if b["name"] == target)
        key, receiver = business["write_key"], self.cluster.receiver
        if fault.kind == ONE_CUSTOMER:
            customer = business["customers"][fault.target % len(business["customers"])]
            receiver.add_fault(key, kind="refuse_messages", contains=customer)
        else:
            receiver.add_fault(key, **SEGMENT_SPECS[fault.kind])
        return lambda: receiver.clear_faults(key)


def _nothing() -> None:
    """Take nothing back: the system repairs it by itself."""


def _kill(program: ManagedProgram, _fault: PlannedFault) -> Undo:
    program.kill()
    return program.start


def _kill_main(program: ManagedProgram, _fault: PlannedFault) -> Undo:
    program.kill_main()
    return program.start


def _child(program: ManagedProgram, fault: PlannedFault) -> int:
    children = program.children()
    if not children:
        raise NotNow(f"{program.name} has no child that has started")
    return children[fault.target // 7 % len(children)]


def _kill_child(program: ManagedProgram, fault: PlannedFault) -> Undo:
    program.kill_child(_child(program, fault))
    return _nothing


def _freeze(program: ManagedProgram, _fault: PlannedFault) -> Undo:
    program.freeze()
    return program.thaw


def _freeze_child(program: ManagedProgram, fault: PlannedFault) -> Undo:
    child = _child(program, fault)
    os.kill(child, signal.SIGSTOP)

    def thaw() -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGCONT)

    return thaw


def _set_clock(program: ManagedProgram, _fault: PlannedFault) -> Undo:
    """Start the worker again with a wrong clock, which it keeps until it is started again.

    So it may stay wrong while everything drains.
    """
    library = clock.build(program.log.parent)
    program.stop(STOP_SECONDS)
    program.start({"LD_PRELOAD": str(library)})
    return _nothing


PROGRAM_FAULTS: Final[Mapping[str, Callable[[ManagedProgram, PlannedFault], Undo]]] = {
    "kill a worker with its children": _kill,
    "kill a worker and leave its children": _kill_main,
    "kill a worker's child": _kill_child,
    "freeze a worker for a moment": _freeze,
    "freeze a worker past its lease": _freeze,
    "freeze a worker's child past its lease": _freeze_child,
    CLOCK_KIND: _set_clock,
    "kill a beat": _kill,
    "freeze a beat": _freeze,
    "kill the web server": _kill,
    "kill a child of the web server": _kill_child,
    "kill a writer": _kill,
}


def _restart_postgres(cluster: Cluster, fault: PlannedFault) -> Undo:
    """Crash the server, or shut it down at once, as `pg_ctl stop --mode immediate` does."""
    server = cluster.database.server
    if server is None:
        raise NotNow("others use this PostgreSQL, too")
    if fault.target % 2:
        os.kill(server.pid, signal.SIGQUIT)
        deadline = time.monotonic() + 2
        while server.running() and time.monotonic() < deadline:
            time.sleep(0.01)
    server.kill()
    return server.start


def _terminate_connections(cluster: Cluster, _fault: PlannedFault) -> Undo:
    try:
        with cluster.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
    except psycopg.Error as error:
        raise NotNow("PostgreSQL does not answer") from error
    return _nothing


def _kill_redis(cluster: Cluster, _fault: PlannedFault) -> Undo:
    cluster.redis.kill()
    return cluster.redis.start


def _freeze_redis(cluster: Cluster, _fault: PlannedFault) -> Undo:
    os.kill(cluster.redis.pid, signal.SIGSTOP)
    return lambda: os.kill(cluster.redis.pid, signal.SIGCONT)


def _tell_redis(do: tuple[str, ...], undo: tuple[str, ...] = ()) -> Callable[..., Undo]:
    def break_redis(cluster: Cluster, _fault: PlannedFault) -> Undo:
        client: Any = cluster.redis_client()
        try:
            client.execute_command(*do)
        except redis.RedisError as error:
            raise NotNow("Redis does not answer") from error
        return (lambda: client.execute_command(*undo)) if undo else _nothing

    return break_redis


SERVER_FAULTS: Final[Mapping[str, Callable[[Cluster, PlannedFault], Undo]]] = {
    "restart PostgreSQL at once": _restart_postgres,
    "terminate the connections to PostgreSQL": _terminate_connections,
    "kill Redis": _kill_redis,
    "flush Redis": _tell_redis(("FLUSHALL",)),
    "freeze Redis": _freeze_redis,
    # of a server that does not exist: it keeps its data and refuses writes
    "make Redis a read-only replica": _tell_redis(
        ("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")
    ),
    "let Redis run out of memory": _tell_redis(
        ("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")
    ),
    "cut the clients of Redis": _tell_redis(("CLIENT", "KILL", "TYPE", "normal")),
}
