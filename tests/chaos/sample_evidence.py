"""The evidence of a small run in which everything went well, for tests to plant a fault in."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chaos.evidence import Arrival, EndState, Evidence, LogRow, Snapshot, Truth

KEY, OTHER_KEY = "key of the first business", "key of the second business"
ANN, BEN = "user ann", "user ben"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRAITS = {"firstName": "Ann", "receiveTexts": False}

ORDER = {"order_id": "A1", "value": 20.0}
READY = {"order_id": "A1", "value": 20.0}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def truth(number: int, event: str, subject_id: int, **properties: Any) -> Truth:
    """Return an occurrence of Ann's in a transaction of its own, after all earlier ones."""
    return Truth(
        number=number,
        transaction=100 + number,
        snapshot=Snapshot(100 + number, 100 + number, frozenset()),
        write_key=KEY,
        user_id=ANN,
        event=event,
        subject_id=subject_id,
        occurred_at=at(number),
        properties=properties,
    )


def arrival(number: int, of: Truth, message_id: str) -> Arrival:
    message = {
        "type": "track",
        "event": of.event,
        "userId": of.user_id,
        "messageId": message_id,
        "timestamp": of.occurred_at.isoformat(timespec="milliseconds"),
        "properties": dict(of.properties),
    }
    return Arrival(number, at(number + 10), of.write_key, message)


def identify(number: int, message_id: str, user_id: str = ANN, **traits: Any) -> Arrival:
    message = {
        "type": "identify",
        "userId": user_id,
        "messageId": message_id,
        "timestamp": at(0).isoformat(timespec="milliseconds"),
        "traits": {**TRAITS, "link": "https://example.com/login", **traits},
    }
    return Arrival(number, at(number + 10), KEY, message)


def logged(of: Arrival, subject_id: int, outcome: str = "accepted", reason: str = "") -> LogRow:
    body = json.dumps(of.message).replace("https://example.com/login", "(hidden)")
    return LogRow(
        id=of.number,
        write_key=of.write_key,
        user_id=of.user_id,
        brand_id=0,
        event=of.event,
        subject_id=subject_id,
        message_id=of.message_id,
        occurred_at=at(0),
        sent_at=of.at,
        settled_at=of.at,
        day=of.at.date(),
        outcome=outcome,
        reason=reason,
        attempts=1,
        body=body,
    )


CREATED = truth(1, "Order Created", 1, order_id="A1", value=20.0)
MADE_READY = truth(2, "Order Ready", 1, order_id="A1", value=20.0)
VISIT = truth(3, "Customer Visit", 7, visit_type="Store")
TRUTHS = (CREATED, MADE_READY, VISIT)
IDENTIFY_OF_ANN = identify(1, "m1")
ARRIVALS = (
    IDENTIFY_OF_ANN,
    arrival(2, CREATED, "m2"),
    arrival(3, MADE_READY, "m3"),
    arrival(4, VISIT, "m4"),
)
LOG = tuple(logged(one, subject) for one, subject in zip(ARRIVALS, (1, 1, 1, 7), strict=True))


def evidence(**changes: Any) -> Evidence:
    """Return the evidence with changes, and the counts of its log unless they are changed."""
    plain = Evidence(
        truths=TRUTHS, arrivals=ARRIVALS, log=LOG, customers=[EndState(KEY, ANN, TRAITS)]
    )
    changed = replace(plain, **changes)
    if "counts" not in changes:
        changed = replace(changed, counts=counts_of(changed.log), delays=delays_of(changed.log))
    return replace(changed, **changes)


def counts_of(log: Sequence[LogRow]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for row in log:
        key = (row.write_key, row.event, row.outcome, row.brand_id, row.day)
        counts[key] = counts.get(key, 0) + 1
    return counts


def delays_of(log: Sequence[LogRow]) -> dict[str, int]:
    accepted = [row for row in log if row.outcome == "accepted" and row.event != "identify"]
    return {KEY: len(accepted)} if accepted else {}
