"""The account finds nothing in a good run, and each planted fault in a bad one."""

from dataclasses import replace
from typing import Any

import pytest

from chaos.account import Account, Violation
from chaos.evidence import EndState, Evidence, Refusal, Snapshot
from tests.chaos.sample_evidence import (
    ANN,
    ARRIVALS,
    BEN,
    CREATED,
    IDENTIFY_OF_ANN,
    KEY,
    LOG,
    MADE_READY,
    OTHER_KEY,
    TRAITS,
    TRUTHS,
    VISIT,
    arrival,
    at,
    evidence,
    identify,
    logged,
)


def found(given: Evidence) -> list[Violation]:
    return Account(given).violations()


def test_a_good_run_has_no_violation() -> None:
    assert found(evidence()) == []


def test_a_message_that_is_refused_or_unconfirmed_accounts_for_its_occurrence() -> None:
    for outcome in ("rejected", "skipped", "expired", "unconfirmed"):
        log = (*LOG[:3], replace(LOG[3], outcome=outcome, reason="Segment refused it."))
        assert found(evidence(arrivals=ARRIVALS[:3], log=log)) == []


def test_an_unconfirmed_message_may_have_arrived() -> None:
    log = (*LOG[:3], replace(LOG[3], outcome="unconfirmed"))

    assert found(evidence(log=log)) == []


def test_an_identify_may_be_recorded_again_under_a_new_id() -> None:
    again = identify(5, "m5")

    assert found(evidence(arrivals=(*ARRIVALS, again), log=(*LOG, logged(again, 1)))) == []


def test_what_an_owner_sends_again_may_come_late_and_has_another_row() -> None:
    refused = logged(ARRIVALS[1], 1, "rejected", "Segment refused it.")
    late = replace(ARRIVALS[1], number=5)
    log = (LOG[0], refused, LOG[2], LOG[3], replace(LOG[1], id=9))
    given = evidence(arrivals=(ARRIVALS[0], *ARRIVALS[2:], late), log=log)

    assert found(replace(given, resent=frozenset({refused.id}))) == []
    assert {violation.check for violation in found(given)} == {"order", "log"}
    waiting = evidence(arrivals=(ARRIVALS[0], *ARRIVALS[2:]), log=log[:4])
    assert found(waiting) == []
    lost = found(replace(waiting, resent=frozenset({refused.id})))
    assert {violation.check for violation in lost} == {"lost"}


def test_traits_may_be_left_out_once_segment_has_refused_the_customer() -> None:
    fields = [{"name": "Starch", "value": "Light"}, {"name": "Notes", "value": "Long"}]
    traits = {**TRAITS, "group": "Neighbours", "customFields": fields}
    reduced = identify(5, "m5", customFields=fields[:1])
    changes = {
        "arrivals": (*ARRIVALS, reduced),
        "log": (*LOG, logged(reduced, 1)),
        "customers": [EndState(KEY, ANN, traits)],
    }
    refusal = Refusal(KEY, at(4), ("m5",))

    assert found(evidence(**changes, refusals=[refusal])) == []
    assert {v.check for v in found(evidence(**changes))} == {"traits"}
    with_others = replace(refusal, message_ids=("m5", "m6"))
    assert {v.check for v in found(evidence(**changes, refusals=[with_others]))} == {"traits"}
    opted_in = [EndState(KEY, ANN, traits | {"receiveTexts": True})]
    stale = evidence(**changes | {"customers": opted_in}, refusals=[refusal])
    assert {v.check for v in found(stale)} == {"traits"}


def test_transactions_that_overlap_have_no_order() -> None:
    # Order Ready was written while the transaction of Order Created was running
    ready = replace(MADE_READY, snapshot=Snapshot(101, 103, frozenset({101})))
    arrivals = (
        IDENTIFY_OF_ANN,
        replace(ARRIVALS[2], number=2),
        replace(ARRIVALS[1], number=3),
        ARRIVALS[3],
    )

    assert found(evidence(truths=(CREATED, ready, VISIT), arrivals=arrivals)) == []


def _swapped() -> tuple[Any, ...]:
    return (
        ARRIVALS[0],
        replace(ARRIVALS[2], number=2),
        replace(ARRIVALS[1], number=3),
        ARRIVALS[3],
    )


def _with_message(**fields: Any) -> dict[str, Any]:
    """Change fields of the message about Order Created, which the log has as it arrived."""
    changed = replace(ARRIVALS[1], message={**ARRIVALS[1].message, **fields})
    return {
        "arrivals": (ARRIVALS[0], changed, *ARRIVALS[2:]),
        "log": (LOG[0], logged(changed, 1), *LOG[2:]),
    }


def _changed(**properties: Any) -> dict[str, Any]:
    return _with_message(properties={"order_id": "A1", **properties})


def _old_traits() -> dict[str, Any]:
    newer, older = identify(5, "m5"), identify(6, "m6", receiveTexts=True)
    log = (*LOG, logged(newer, 1), logged(older, 1))
    return {"arrivals": (*ARRIVALS, newer, older), "log": log}


def _second_copy() -> dict[str, Any]:
    copy = arrival(5, CREATED, "m5")
    return {"arrivals": (*ARRIVALS, copy), "log": (*LOG, logged(copy, 1))}


def _rolled_back() -> dict[str, Any]:
    ghost = arrival(5, replace(CREATED, properties={"order_id": "B2", "value": 1.0}), "m5")
    return {"arrivals": (*ARRIVALS, ghost), "log": (*LOG, logged(ghost, 2))}


def _signup_rolled_back() -> dict[str, Any]:
    ghost = identify(5, "m5", BEN)
    return {"arrivals": (*ARRIVALS, ghost), "log": (*LOG, logged(ghost, 2))}


def _at_another_source() -> dict[str, Any]:
    stray = replace(ARRIVALS[3], write_key=OTHER_KEY)
    return {
        "arrivals": (*ARRIVALS[:3], stray),
        "log": (*LOG[:3], logged(stray, 7)),
        "delays": {KEY: 2, OTHER_KEY: 1},
    }


def _other_time() -> dict[str, Any]:
    return _with_message(timestamp=at(9).isoformat())


def _log_with(**changes: Any) -> tuple[Any, ...]:
    return (*LOG[:3], replace(LOG[3], **changes))


COUNTS = evidence().counts
PLANTED: dict[str, tuple[set[str], dict[str, Any]]] = {
    "an occurrence is lost": ({"lost"}, {"arrivals": ARRIVALS[:3], "log": LOG[:3]}),
    "an occurrence is lost, and the log says that it was accepted": (
        {"lost", "log"},
        {"arrivals": ARRIVALS[:3]},
    ),
    "an occurrence is lost, and the log has no reason": (
        {"lost"},
        {"arrivals": ARRIVALS[:3], "log": _log_with(outcome="rejected", reason="")},
    ),
    "a track is sent under two ids": ({"doubled"}, _second_copy()),
    "a track of what was rolled back": ({"never committed"}, _rolled_back()),
    "an identify of a signup that was rolled back": ({"never committed"}, _signup_rolled_back()),
    "a track at another business's source": ({"lost", "never committed"}, _at_another_source()),
    "a value that was changed later": (
        {"other values"},
        _changed(value=25.0),
    ),
    "a property is missing": ({"other values"}, _changed()),
    "another time": ({"other values"}, _other_time()),
    "older traits last": ({"traits"}, _old_traits()),
    "a customer who was changed and never sent again": (
        {"traits"},
        {"customers": [EndState(KEY, ANN, {**TRAITS, "receiveTexts": True})]},
    ),
    "a customer who was never identified": (
        {"traits"},
        {"customers": [EndState(KEY, ANN, TRAITS), EndState(KEY, BEN, TRAITS)]},
    ),
    "a track before the identify": (
        {"identify first"},
        {"arrivals": (replace(ARRIVALS[1], number=0), ARRIVALS[0], *ARRIVALS[2:])},
    ),
    "out of order": ({"order"}, {"arrivals": _swapped()}),
    "two log rows of a message": ({"log"}, {"log": (*LOG, LOG[3])}),
    "an accepted message is in no log row": ({"log"}, {"log": LOG[:3]}),
    "the log says refused, but it arrived": (
        {"log"},
        {"log": _log_with(outcome="rejected", reason="Segment refused it.")},
    ),
    "the log has another customer": ({"log"}, {"log": _log_with(user_id=BEN)}),
    "the log has another body": ({"log"}, {"log": _log_with(body='{"type": "track"}')}),
    "a count is too high": (
        {"counts"},
        {"counts": {key: number + 1 for key, number in COUNTS.items()}},
    ),
    "the counts are missing": ({"counts"}, {"counts": {}}),
    "the delays are missing": ({"counts"}, {"delays": {}}),
    "a lane is halted": ({"stuck"}, {"halted": {KEY: "Segment refused the write key."}}),
    "a program ended": ({"stuck"}, {"troubles": ["worker1 ended by itself."]}),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_found(planted: str) -> None:
    checks, changes = PLANTED[planted]

    assert {violation.check for violation in found(evidence(**changes))} == checks


def test_everything_is_compared_with_what_was_committed() -> None:
    """An account of nothing finds nothing: each truth has to be there to be missed."""
    lost = found(Evidence(truths=TRUTHS))

    assert [violation.check for violation in lost] == ["lost"] * 3
    assert [violation.user_id for violation in lost] == [ANN] * 3


def test_a_snapshot_sees_what_was_over() -> None:
    snapshot = Snapshot.parse("10:16:12,14")

    assert [xid for xid in range(8, 18) if snapshot.sees(xid)] == [8, 9, 10, 11, 13, 15]
