"""What a seed means, and how the results of seeds are kept."""

from pathlib import Path

from chaos.faults import KINDS, SEGMENT_KINDS, SEGMENT_SPECS, WHILE_WAITING, FaultRates, plan
from chaos.inject import ONE_CUSTOMER, PROGRAM_FAULTS, SERVER_FAULTS
from chaos.results import Result, Results
from devtools.segment_stub.faults import parse_fault

MANY = FaultRates(programs=200, servers=200, segment=200)


def test_a_seed_always_means_the_same_faults() -> None:
    assert plan(7, 60, MANY) == plan(7, 60, MANY)
    assert plan(7, 60, MANY) != plan(8, 60, MANY)


def test_all_kinds_of_faults_are_drawn_and_end_within_the_run() -> None:
    faults = plan(1, 60, MANY)

    assert {fault.kind for fault in faults} == set(KINDS)
    assert max(fault.at + fault.seconds for fault in faults) <= 60


def test_a_short_run_has_no_long_faults_and_none_that_cannot_be_done_here() -> None:
    kinds = {fault.kind for fault in plan(1, 6, FaultRates(3_000, 3_000, 0), ["flush Redis"])}

    assert "kill a beat" in kinds
    assert "flush Redis" not in kinds
    assert "freeze a worker past its lease" not in kinds


def test_every_kind_of_fault_can_be_done() -> None:
    segment = {kind.name for kind in SEGMENT_KINDS}

    assert {*PROGRAM_FAULTS, *SERVER_FAULTS, WHILE_WAITING} == KINDS.keys() - segment
    assert {*SEGMENT_SPECS, ONE_CUSTOMER} == segment
    for spec in SEGMENT_SPECS.values():
        parse_fault({"write_key": "a key", **spec}, 1)


def test_a_run_that_was_stopped_goes_on_with_the_seeds_that_have_no_result(tmp_path: Path) -> None:
    results = Results(tmp_path / "chaos" / "results.jsonl")
    assert results.seeds(60, "abc") == set()

    for seed, seconds, commit in (
        (1, 60.0, "abc"),
        (2, 60.0, "abc"),
        (3, 5.0, "abc"),
        (4, 60.0, "d"),
    ):
        results.append(Result(seed, seconds, commit, "2026-03-01T12:00:00Z"))

    assert results.seeds(60, "abc") == {1, 2}
