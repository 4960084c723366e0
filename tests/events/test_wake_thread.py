"""Wake-ups of commits: made in a thread, coalesced, and not lost when a process ends."""

import os
import subprocess
import sys
import threading
from pathlib import Path

from events.wake_thread import WakeThread

SAVES_AND_ENDS = """
import sys, time
from pathlib import Path
from events.wake_thread import WakeThread

def wake():
    time.sleep(0.3)
    Path(sys.argv[1]).write_text("woken")

WakeThread(wake).request()
"""


def test_a_request_does_not_wait_and_those_meanwhile_are_one() -> None:
    may_end, calls = threading.Event(), list[int]()

    def wake() -> None:
        calls.append(1)
        assert may_end.wait(10)

    thread = WakeThread(wake)
    for _ in range(100):
        thread.request()
    assert not thread.finish(0.01)
    may_end.set()

    assert thread.finish(10)
    assert 1 <= len(calls) <= 2


def test_a_process_that_ends_makes_its_last_wake_up(tmp_path: Path) -> None:
    woken = tmp_path / "woken"
    subprocess.run([sys.executable, "-c", SAVES_AND_ENDS, str(woken)], check=True, timeout=30)
    assert woken.read_text() == "woken"


def test_a_forked_process_begins_anew() -> None:
    calls: list[int] = []
    thread = WakeThread(lambda: calls.append(os.getpid()))
    thread.request()
    assert thread.finish(10)
    child = os.fork()
    if child == 0:
        thread.request()
        os._exit(0 if thread.finish(10) and calls[-1] == os.getpid() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert calls == [os.getpid()]


def test_a_synchronous_one_wakes_at_once() -> None:
    calls: list[int] = []
    thread = WakeThread(lambda: calls.append(threading.get_ident()))
    thread.is_synchronous = True
    thread.request()
    assert calls == [threading.get_ident()]
