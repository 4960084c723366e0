"""After the faults: wait until everything is accounted for, while owners do their part."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import psycopg
from requests import RequestException, Session

from chaos import journal
from chaos.account import IDENTIFY, Account, Violation
from chaos.cluster import Cluster
from chaos.evidence import Evidence

DRAIN_SECONDS: Final = 150.0
"""A lane that failed six times waits for a minute at most, one of a killed worker for half."""
HOPELESS_SECONDS: Final = 45.0
"""When nothing has changed for longer than a lease, what is wrong stays wrong."""
QUIET_SECONDS: Final = 2.0
"""Nothing more may arrive, nor be logged, for this long: a second copy comes late, if at all."""
PROBE_SECONDS: Final = 30.0
"""A lane that works sends an order within a second; beat looks every five seconds."""
POLL_SECONDS: Final = 0.5
OWNER_SECONDS: Final = 2.0
MAY_HEAL: Final = frozenset({"lost", "traits", "stuck"})
"""Violations for which it is worth to wait until the time is up: lanes back off."""


class Drain:
    """`tick` watches the programs meanwhile."""

    def __init__(self, cluster: Cluster, tick: Callable[[], None]) -> None:
        self._cluster = cluster
        self._tick = tick
        self._corrected: set[str] = set()
        self._http = Session()
        self._http.trust_env = False

    def run(self) -> Evidence:
        """Return the evidence once everything is accounted for and quiet, or the time is up.

        At the end, one more order of each business shows that its lane works.
        """
        # each customer must be identified in the end, also those from before
        self._cluster.run("-m", "chaos.send_all")
        evidence = self._wait(DRAIN_SECONDS)
        if Account(evidence).violations():
            return evidence
        for business in self._cluster.businesses:
            self._create_order(business["secrets"]["pos"], business["customers"][0])
        return self._wait(PROBE_SECONDS)

    def collect(self) -> Evidence:
        """Read everything that the account looks at: the database at one moment, then what came.

        What the stand-in accepted in between is in no log yet; the next look finds both.
        """
        keys = {business["id"]: business["write_key"] for business in self._cluster.businesses}
        with self._cluster.connect() as connection:
            connection.autocommit = False
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            evidence = Evidence(
                truths=journal.read_truths(connection, keys),
                log=journal.read_log(connection, keys),
                resent=journal.read_resent(connection),
                customers=journal.read_customers(connection, keys),
                counts=journal.read_counts(connection, keys),
                delays=journal.read_delays(connection, keys),
                halted=journal.read_halted(connection, keys),
            )
        receiver = self._cluster.receiver
        return replace(evidence, arrivals=receiver.arrivals(), refusals=receiver.refusals())

    def _wait(self, seconds: float) -> Evidence:
        started = changed = owners = time.monotonic()
        seen: object = None
        while True:
            self._tick()
            if time.monotonic() > owners:
                owners = time.monotonic() + OWNER_SECONDS
                self._save_settings()
            evidence = self.collect()
            self._correct_refused(evidence)
            found = Account(evidence).violations()
            state = (len(evidence.arrivals), len(evidence.log), len(found))
            if state != seen:
                seen, changed = state, time.monotonic()
            if _is_over(found, time.monotonic() - changed, time.monotonic() - started, seconds):
                return evidence
            time.sleep(POLL_SECONDS)

    def _save_settings(self) -> None:
        """Save each business's settings, as an owner does whose lane is halted."""
        for business in self._cluster.businesses:
            self._call("PATCH", "integration", business["owner_key"], {})

    def _correct_refused(self, evidence: Evidence) -> None:
        """Change each customer whose details were refused: they are not sent again as they are."""
        secrets = {b["write_key"]: b["secrets"]["pos"] for b in self._cluster.businesses}
        for row in evidence.log:
            if (row.event, row.outcome) == (IDENTIFY, "rejected") and (
                row.message_id not in self._corrected
            ):
                self._corrected.add(row.message_id)
                name = {"last_name": f"Corrected {len(self._corrected)}"}
                self._call("PATCH", f"customers/{row.user_id}", secrets[row.write_key], name)

    def _create_order(self, secret: str, customer: str) -> None:
        self._call("POST", "orders", secret, {"customer": customer, "number": f"probe {customer}"})

    def _call(self, method: str, path: str, secret: str, body: dict[str, str]) -> None:
        with suppress(RequestException):  # the account tells what is missing
            self._http.request(
                method,
                f"{self._cluster.web_url}/api/v1/{path}",
                json=body,
                headers={"Authorization": f"Bearer {secret}"},
                timeout=5,
            )


def _is_over(found: list[Violation], unchanged: float, waited: float, limit: float) -> bool:
    if not found:
        return unchanged > QUIET_SECONDS
    may_heal = any(violation.check in MAY_HEAL for violation in found)
    return waited > limit or (unchanged > HOPELESS_SECONDS and not may_heal)
