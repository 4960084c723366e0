"""What the command prints and keeps about a seed."""

from pathlib import Path

from chaos import report
from chaos.account import Account
from chaos.evidence import Refusal
from chaos.run import Outcome
from tests.chaos.sample_evidence import ANN, ARRIVALS, KEY, LOG, at, evidence, logged

REFUSED = logged(ARRIVALS[3], 7, "rejected", "Refused.")


def outcome_without_a_visit() -> Outcome:
    """Return an outcome in which an occurrence is lost, and a message was refused."""
    given = evidence(
        arrivals=ARRIVALS[:2], log=(*LOG[:2], REFUSED), refusals=[Refusal(KEY, at(14), ("m4",))]
    )
    figures = {"faults": 1, "occurrences": 3, "arrivals": 2, "drain_seconds": 1.5}
    return Outcome(
        Account(given).violations(),
        given,
        ["12:00:01.000   1.00 s  flush Redis: redis"],
        ["12:00:02.000  writer1: create_order at Cleaners: done"],
        {ANN: [(at(5), '{"receive_texts": false}')]},
        figures,
    )


def test_a_seed_has_one_line() -> None:
    assert report.summary(7, outcome_without_a_visit()) == (
        "seed 7: 1 fault, 3 occurrences, 2 messages accepted, drained in 1.5 s: 1 VIOLATION"
    )


def test_a_failure_has_the_seed_the_history_and_the_story_of_the_customer() -> None:
    lines = report.failure(7, outcome_without_a_visit()).splitlines()

    assert lines[0] == "Violations of seed 7:"
    assert lines[1].startswith("  lost: Order Ready (row 1, 12:00:02.000) did not arrive; the log")
    assert "12:00:01.000   1.00 s  flush Redis: redis" in lines
    assert "12:00:02.000  writer1: create_order at Cleaners: done" in lines
    assert lines[lines.index(f"Customer {ANN}:") + 1 :] == [
        "  12:00:01.000  committed  Order Created, row 1, transaction 101",
        "  12:00:02.000  committed  Order Ready, row 1, transaction 102",
        "  12:00:03.000  committed  Customer Visit, row 7, transaction 103",
        '  12:00:05.000  changed    {"receive_texts": false}',
        "  12:00:11.000  arrived    identify m1, number 1",
        "  12:00:11.000  logged     identify m1 accepted after 1 attempts (no reason), row 1",
        "  12:00:12.000  arrived    Order Created m2, number 2",
        "  12:00:12.000  logged     Order Created m2 accepted after 1 attempts (no reason), row 1",
        "  12:00:14.000  logged     Customer Visit m4 rejected after 1 attempts (Refused.), row 7",
        "  12:00:14.000  refused    m4, of 1 messages",
    ]


def test_a_failure_is_kept_with_the_logs_of_programs_and_servers(tmp_path: Path) -> None:
    for name in ("web.log", "redis/log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"log of {name}")
    outcome = outcome_without_a_visit()

    kept = report.keep(
        tmp_path / "results", 7, outcome, [tmp_path / "web.log"], [tmp_path / "redis" / "log"]
    )

    assert {path.name for path in kept.iterdir()} == {"history.txt", "redis.log", "web.log"}
    history = (kept / "history.txt").read_text()
    assert history.startswith(report.summary(7, outcome))
    assert f"Customer {ANN}:" in history
    assert "create_order at Cleaners" in history
