"""The wrong clock is wrong by 70 seconds, and nothing else is."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from chaos import clock

READ_CLOCKS = """
import datetime, multiprocessing, time
started = time.monotonic()
time.sleep(0.05)
multiprocessing.Semaphore(0).acquire(timeout=0.05)
print(time.time(), datetime.datetime.now(datetime.UTC).timestamp(), time.monotonic() - started)
print(time.monotonic())
"""


@pytest.mark.skipif(not clock.can_be_wrong(), reason="There is no C compiler.")
def test_the_clock_is_70_seconds_ahead_and_waits_take_as_long_as_they_should(
    tmp_path: Path,
) -> None:
    environment = {"LD_PRELOAD": str(clock.build(tmp_path))}
    before = time.time()

    printed = subprocess.check_output([sys.executable, "-c", READ_CLOCKS], env=environment)

    seconds, from_datetime, waited, monotonic = map(float, printed.split())
    assert 70 <= seconds - before < 75
    assert 70 <= from_datetime - before < 75
    assert 0.1 <= waited < 5
    assert 0 <= time.monotonic() - monotonic < 5
