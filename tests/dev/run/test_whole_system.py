"""`make run` as a newcomer meets it: the real programs, with data in a folder of the test's."""

import json
import os
import signal
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.dev.run.watching import Watched, wait_until

RUN = """
import sys
from pathlib import Path
from smrt_integration.dev.run import system
from smrt_integration.dev.run.start import main
sys.exit(main(system.PROJECT, system.steps(), system.programs, Path(sys.argv[1])))
"""
NAMES = ("DATABASE_URL", "REDIS_URL", "SEGMENT_HOST", "SECRET_KEY", "FIELD_KEYS", "PUBLIC_URL", "LOG_LEVEL", "MAKELEVEL")


def get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def arrived(address: str) -> list[str]:
    return [json.loads(line)["verdict"] for line in get(f"{address}/messages").splitlines()]


def marked(mark: str) -> list[int]:
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and mark.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_events_reach_the_stand_in_within_a_minute_and_ctrl_c_leaves_nothing_running(folder: Path, ports: dict[str, str]) -> None:
    run = Watched([sys.executable, "-c", RUN, str(folder)], dict.fromkeys(NAMES) | ports)
    try:
        run.wait_for("Ctrl-C stops everything")
        web, segment = (f"http://127.0.0.1:{ports[name]}" for name in ("WEB_PORT", "SEGMENT_STUB_PORT"))
        assert "Log in" in get(f"{web}/admin/")
        wait_until(lambda: "accepted" in arrived(segment), "an accepted message")
        mark = next(line for line in (folder / "secrets").read_text().splitlines() if line.startswith("SMRT_RUN="))
        assert marked(mark)
        os.killpg(run.process.pid, signal.SIGINT)
        assert run.ended() == 0
        assert marked(mark) == []
    finally:
        run.close()
